using System.Collections.Immutable;

namespace Meridian.Intents;

/// <summary>One region's copy of the log's state at one moment. Immutable; replaced whole by the next one.</summary>
public sealed record IntentReplica
{
    /// <value>Position in the log up to which this copy has applied it. Two replicas with the same value are equal, record for record and in <see cref="Hash"/>.</value>
    public required long AppliedIndex { get; init; }

    /// <value>Revision of the last change that was made; 0 for an empty log. Rises with every change, may skip numbers, never falls.</value>
    public required long Revision { get; init; }

    /// <value>In <see cref="IntentKey.Order"/>.</value>
    public required ImmutableSortedDictionary<IntentKey, IntentRecord> Records { get; init; }

    /// <value>SHA-256 over everything that later behaviour depends on, hexadecimal. Computed when asked for.</value>
    public required Func<string> Hash { get; init; }

    public static IntentReplica Empty { get; } = new()
    {
        AppliedIndex = 0,
        Revision = 0,
        Records = ImmutableSortedDictionary.Create<IntentKey, IntentRecord>(IntentKey.Order),
        Hash = static () => "",
    };
}
