using MessagePack;

namespace Meridian.Federation.Directory;

/// <summary>A model that the installation serves.</summary>
[MessagePackObject]
public sealed record ModelDeclaration
{
    /// <value>Name that callers use, for example <c>minilm</c>.</value>
    [Key(0)] public required string Name { get; init; }

    /// <value>What it does, for example <c>embedding</c>.</value>
    [Key(1)] public required string Kind { get; init; }

    /// <value>Who made it, shown by <c>/v1/models</c>.</value>
    [Key(2)] public required string OwnedBy { get; init; }

    /// <value>When it was made, unix seconds.</value>
    [Key(3)] public long Created { get; init; }

    /// <value>Names of the regions it is deployed to; empty means all.</value>
    [Key(4)] public string[] Regions { get; init; } = [];

    /// <value>Name of the routing policy for this model, or null for the edge's own.</value>
    [Key(5)] public string? Routing { get; init; }

    /// <value>After how many ms without an answer a request that is not streamed is sent to a second region, too; 0 never, null as the edge is set.</value>
    [Key(6)] public int? HedgeAfterMs { get; init; }
}
