using System.ComponentModel;
using System.Globalization;
using System.Text.Json.Serialization;
using Meridian.Grains.Draining;

namespace Meridian.Gateway.Admin.Draining;

[Description("What is drained in a region, and what runs in it.")]
internal sealed record DrainStatus
{
    [JsonPropertyName("region")]
    public required string Region { get; init; }

    [JsonPropertyName("state"), Description("Of the region as a whole: 'open', 'draining' or 'empty'.")]
    public required string State { get; init; }

    [JsonPropertyName("running"), Description("All that runs in the region's silos.")]
    public required WorkReport Running { get; init; }

    [JsonPropertyName("drains"), Description("The drains; empty where nothing is drained.")]
    public required DrainEntry[] Drains { get; init; }

    [JsonPropertyName("silos")]
    public required SiloEntry[] Silos { get; init; }

    public static DrainStatus Of(string region, DrainOverview overview)
    {
        return new DrainStatus
        {
            Region = region,
            State = DrainEntry.StateName(overview.Region?.State ?? DrainState.Open),
            Running = WorkReport.Of(overview.Silos.SelectMany(static silo => silo.Shards)),
            Drains = Array.ConvertAll(overview.Drains, DrainEntry.Of),
            Silos = Array.ConvertAll(overview.Silos, SiloEntry.Of),
        };
    }
}

[Description("One drain and how far it is.")]
internal sealed record DrainEntry
{
    [JsonPropertyName("scope"), Description("'region', 'silo' or 'replica'.")]
    public required string Scope { get; init; }

    [JsonPropertyName("silo"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Silo { get; init; }

    [JsonPropertyName("model"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Model { get; init; }

    [JsonPropertyName("replica"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Replica { get; init; }

    [JsonPropertyName("state"), Description("'draining', or 'empty' when nothing runs there any more.")]
    public required string State { get; init; }

    [JsonPropertyName("since")]
    public required DateTimeOffset Since { get; init; }

    [JsonPropertyName("deadline"), Description("When streams that still run are handed over.")]
    public required DateTimeOffset Deadline { get; init; }

    [JsonPropertyName("by"), Description("Who asked; 'process' for one that stops.")]
    public required string By { get; init; }

    [JsonPropertyName("reason")]
    public string? Reason { get; init; }

    [JsonPropertyName("sticky")]
    public required bool Sticky { get; init; }

    [JsonPropertyName("running")]
    public required WorkReport Running { get; init; }

    [JsonPropertyName("unheard"), Description("Silos that have not said what they do since the drain began.")]
    public required int Unheard { get; init; }

    public static DrainEntry Of(DrainReport report) => new()
    {
        Scope = ScopeName(report.Target.Scope),
        Silo = report.Target.Silo is { } silo ? ShortSilo(silo) : null,
        Model = report.Target.Model,
        Replica = report.Target.Scope == DrainScope.Replica ? report.Target.Replica : null,
        State = StateName(report.State),
        Since = report.Since,
        Deadline = report.Deadline,
        By = report.By,
        Reason = report.Reason,
        Sticky = report.Sticky,
        Running = WorkReport.Of(report.Work),
        Unheard = report.Unheard,
    };

    public static string StateName(DrainState state) => state switch { DrainState.Empty => "empty", DrainState.Draining => "draining", _ => "open" };

    /// <summary>Returns the silo's address without its generation number, as an operator writes it.</summary>
    public static string ShortSilo(string silo) => silo.Split('@')[0];

    private static string ScopeName(DrainScope scope) =>
        scope switch { DrainScope.Region => "region", DrainScope.Silo => "silo", DrainScope.Replica => "replica", _ => ((int)scope).ToString(CultureInfo.InvariantCulture) };
}

[Description("A silo of the region and what it does.")]
internal sealed record SiloEntry
{
    [JsonPropertyName("silo"), Description("Its address, to drain it by.")]
    public required string Silo { get; init; }

    [JsonPropertyName("running")]
    public required WorkReport Running { get; init; }

    [JsonPropertyName("replicas"), Description("Shards it holds: model/version/variant/replica/shard.")]
    public required string[] Replicas { get; init; }

    public static SiloEntry Of(SiloWork work)
    {
        return new SiloEntry
        {
            Silo = DrainEntry.ShortSilo(work.Silo.ToParsableString()),
            Running = WorkReport.Of(work.Shards),
            Replicas = [.. work.Shards.Where(static shard => shard.Work.Replicas > 0).Select(static shard => shard.Key).Order(StringComparer.Ordinal)],
        };
    }
}

[Description("What runs, by kind.")]
internal sealed record WorkReport
{
    [JsonPropertyName("embeddings"), Description("Embedding requests.")]
    public required int Embeddings { get; init; }

    [JsonPropertyName("conversions"), Description("Requests to tokenize and detokenize.")]
    public required int Conversions { get; init; }

    [JsonPropertyName("streams"), Description("Streams of generated text.")]
    public required int Streams { get; init; }

    [JsonPropertyName("replicas"), Description("Replicas that are loaded, loading or being unloaded.")]
    public required int Replicas { get; init; }

    public static WorkReport Of(IEnumerable<ShardWork> shards) => Of(shards.Aggregate(default(WorkCount), static (total, shard) => total + shard.Work));

    public static WorkReport Of(WorkCount work) => new() { Embeddings = work.Embeddings, Conversions = work.Conversions, Streams = work.Streams, Replicas = work.Replicas };
}

[Description("What to drain.")]
internal sealed record DrainRequest
{
    [JsonPropertyName("scope"), Description("'region', 'silo' or 'replica'. Required.")]
    public string? Scope { get; init; }

    [JsonPropertyName("silo"), Description("With scope 'silo': its address, for example '127.0.0.1:8111'.")]
    public string? Silo { get; init; }

    [JsonPropertyName("model"), Description("With scope 'replica': the model's name.")]
    public string? Model { get; init; }

    [JsonPropertyName("replica"), Description("With scope 'replica': the replica's number.")]
    public int? Replica { get; init; }

    [JsonPropertyName("deadline_seconds"), Description("How long streams may run on before they are handed over, 0 to 3600. Default 30.")]
    public int? DeadlineSeconds { get; init; }

    [JsonPropertyName("reason"), Description("Why, for operators; at most 512 characters.")]
    public string? Reason { get; init; }

    [JsonPropertyName("sticky"), Description("Scope 'region' alone: whether the drain outlives a restart of the region. Default false.")]
    public bool? Sticky { get; init; }
}
