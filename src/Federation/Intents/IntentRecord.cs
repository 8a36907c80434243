using MessagePack;

namespace Meridian.Federation.Intents;

/// <summary>One record as it stands in the log's state.</summary>
[MessagePackObject]
public sealed record IntentRecord
{
    [Key(0)] public required IntentKey Key { get; init; }

    /// <value>Revision of the change that wrote it last: what a compare-and-set compares, and the fencing token of whoever acts on the record. Above 0.</value>
    [Key(1)] public required long Epoch { get; init; }

    /// <value>The record, in MessagePack (<see cref="Records"/>). At most 1 MiB. Not to be changed.</value>
    [Key(2)] public required byte[] Value { get; init; }
}
