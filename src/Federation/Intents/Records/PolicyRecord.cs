using MessagePack;

namespace Meridian.Federation.Intents.Records;

/// <summary>How requests for a model are routed; what is null is the edge's own setting.</summary>
[MessagePackObject]
public sealed record PolicyRecord
{
    /// <value>Name of a routing policy, for example <c>expected-completion</c>.</value>
    [Key(0)] public string? Routing { get; init; }

    /// <value>After how many ms without an answer a request that is not streamed is sent to a second region, too; 0 never.</value>
    [Key(1)] public int? HedgeAfterMs { get; init; }
}
