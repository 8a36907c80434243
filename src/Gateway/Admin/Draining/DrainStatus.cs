using System.ComponentModel;
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
