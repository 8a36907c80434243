using System.ComponentModel;
using System.Text.Json.Serialization;
using Meridian.Intents.Supervision;
using Meridian.Messages;
using Meridian.Routing.Snapshots;

namespace Meridian.Gateway.Admin.Regions;

[Description("All regions as this edge sees them. Every edge has its own view.")]
internal sealed record RegionsReport
{
    [JsonPropertyName("edge"), Description("Name of the observer.")]
    public required string Edge { get; init; }

    [JsonPropertyName("regions")]
    public required RegionReport[] Regions { get; init; }

    [JsonPropertyName("loops"), Description("Background loops of this process that failed since it started; absent where none did. A loop that fails is started again.")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public LoopReport[]? Loops { get; init; }

    public static RegionsReport Of(DirectorySnapshot snapshot, IEnumerable<LoopStatus> loops) => new()
    {
        Loops = loops.Where(loop => loop.Failures > 0).Select(loop => new LoopReport { Name = loop.Name, Failures = loop.Failures, Problem = loop.Problem }).ToArray() is { Length: > 0 } failed ? failed : null,
        Edge = snapshot.Edge,
        Regions = Array.ConvertAll(snapshot.Intent.Regions, member => ToReport(member, snapshot.Views.GetValueOrDefault(member.Name), snapshot.OwnRegion == member.Name)),
    };

    private static RegionReport ToReport(RegionMember member, RegionView? view, bool own) => new()
    {
        Name = member.Name,
        Jurisdiction = member.Jurisdiction,
        Location = member.Location,
        Status = view?.Health switch
        {
            RegionHealth.Alive => "alive",
            RegionHealth.Suspect => "suspect",
            RegionHealth.Dead when view.Incarnation == 0 => "unknown",
            RegionHealth.Dead when view.Draining => "stopped",
            RegionHealth.Dead => "dead",
            _ => "unknown",
        },
        Draining = view is { Draining: true, Health: not RegionHealth.Dead },
        Incarnation = view?.Incarnation ?? 0,
        Models = Array.ConvertAll(view?.Models ?? [], ToReport),
        RoundTripMs = view is not null && double.IsFinite(view.RoundTripMs) ? Math.Round(view.RoundTripMs, 3) : null,
        Changes = view?.Changes ?? 0,
        ClockOffMs = view is not null && double.IsFinite(view.ClockOffMs) ? view.ClockOffMs : null,
        InFlight = view?.InFlight ?? 0,
        Facade = member.Facade?.ToString(),
        Own = own,
    };

    private static RegionModelReport ToReport(ModelStatus model) => new()
    {
        Model = model.Model,
        Version = model.Version,
        Variant = model.Variant,
        Replicas = new ReplicaCount { Ready = model.ReadyReplicas, Desired = model.DesiredReplicas },
        InFlight = model.InFlight,
        Queued = model.Queued,
        ServiceMs = float.IsFinite(model.ServiceMs) ? Math.Round((double)model.ServiceMs, 3) : 0,
        Problem = model.Problem,
    };
}

[Description("A region as this edge sees it.")]
internal sealed record RegionReport
{
    [JsonPropertyName("name")]
    public required string Name { get; init; }

    [JsonPropertyName("jurisdiction"), Description("Law that data in this region is under, for example 'eu'.")]
    public required string Jurisdiction { get; init; }

    [JsonPropertyName("location")]
    public string? Location { get; init; }

    [JsonPropertyName("status"), Description("'alive', 'suspect', 'dead', 'stopped' where it drained before it went, or 'unknown' where it was never heard of.")]
    public required string Status { get; init; }

    [JsonPropertyName("draining"), Description("Whether it takes nothing new: it is sent requests only where no other region may or can serve.")]
    public required bool Draining { get; init; }

    [JsonPropertyName("incarnation"), Description("Start of the region's process that was heard last, unix ms; 0 while unknown.")]
    public required long Incarnation { get; init; }

    [JsonPropertyName("models")]
    public required RegionModelReport[] Models { get; init; }

    [JsonPropertyName("round_trip_ms"), Description("Smoothed round trip from this edge, ms; null while unknown; 0 for the edge's own region.")]
    public double? RoundTripMs { get; init; }

    [JsonPropertyName("changes"), Description("Changes of status that this edge has seen of the region: what flaps has many.")]
    public required int Changes { get; init; }

    [JsonPropertyName("clock_off_ms"), Description("How far the region's clock is ahead of this edge's, ms, as exactly as half the round trip; null while unknown. Decides nothing; past two seconds it is logged.")]
    public double? ClockOffMs { get; init; }

    [JsonPropertyName("in_flight"), Description("Requests that this edge has under way at the region.")]
    public required int InFlight { get; init; }

    [JsonPropertyName("facade"), Description("Address of the region's HTTP facade, or null.")]
    public string? Facade { get; init; }

    [JsonPropertyName("own"), Description("True for the region that this edge belongs to.")]
    public required bool Own { get; init; }
}

[Description("A version of a model in a region, as the region last said.")]
internal sealed record RegionModelReport
{
    [JsonPropertyName("model")]
    public required string Model { get; init; }

    [JsonPropertyName("version")]
    public required string Version { get; init; }

    [JsonPropertyName("variant"), Description("Precision, for example 'fp32'.")]
    public required string Variant { get; init; }

    [JsonPropertyName("replicas")]
    public required ReplicaCount Replicas { get; init; }

    [JsonPropertyName("in_flight"), Description("Items the engines work on.")]
    public required int InFlight { get; init; }

    [JsonPropertyName("queued"), Description("Items waiting.")]
    public required int Queued { get; init; }

    [JsonPropertyName("service_ms"), Description("Smoothed engine time of one item, ms; 0 while unknown.")]
    public required double ServiceMs { get; init; }

    [JsonPropertyName("problem"), Description("Why replicas are missing, or null.")]
    public string? Problem { get; init; }
}

internal sealed record ReplicaCount
{
    [JsonPropertyName("ready"), Description("Replicas loaded, verified and warm.")]
    public required int Ready { get; init; }

    [JsonPropertyName("desired"), Description("Replicas that the operators want.")]
    public required int Desired { get; init; }
}

[Description("A background loop of this process that has failed.")]
internal sealed record LoopReport
{
    [JsonPropertyName("name"), Description("What the loop does.")]
    public required string Name { get; init; }

    [JsonPropertyName("failures"), Description("How often it has failed since the process started.")]
    public required long Failures { get; init; }

    [JsonPropertyName("problem"), Description("Why it failed last; null once it has run for 30 seconds since.")]
    public string? Problem { get; init; }
}
