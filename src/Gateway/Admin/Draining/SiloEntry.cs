using System.ComponentModel;
using System.Text.Json.Serialization;
using Meridian.Grains.Draining;

namespace Meridian.Gateway.Admin.Draining;

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
