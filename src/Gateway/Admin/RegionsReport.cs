using System.ComponentModel;
using System.Text.Json.Serialization;
using Meridian.Federation.Directory;
using Meridian.Federation.Supervision;
using Meridian.Messages;

namespace Meridian.Gateway.Admin;

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
