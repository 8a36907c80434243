using MessagePack;

namespace Meridian.Federation.Intents.Records;

/// <summary>A model that callers may name.</summary>
[MessagePackObject]
public sealed record ModelRecord
{
    /// <value>What it does: <c>embedding</c> or <c>generation</c>.</value>
    [Key(0)] public required string Kind { get; init; }

    [Key(1)] public required string OwnedBy { get; init; }

    /// <value>When it was made, unix seconds.</value>
    [Key(2)] public long Created { get; init; }
}
