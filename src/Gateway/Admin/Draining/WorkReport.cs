using System.ComponentModel;
using System.Text.Json.Serialization;
using Meridian.Grains.Draining;

namespace Meridian.Gateway.Admin.Draining;

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
