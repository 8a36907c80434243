using System.Collections.Immutable;

namespace Meridian.Intents;

/// <summary>One region's copy of the log's state at one moment. Immutable; the next copy replaces it.</summary>
public sealed record IntentReplica
{
    /// <value>Index up to which this copy has applied the log. Two replicas with the same index are equal, record for record and in <see cref="Hash"/>.</value>
    public required long AppliedIndex { get; init; }

    /// <value>Revision of the last change that was made; 0 for an empty log. It rises with every change, never falls, and may skip numbers.</value>
    public required long Revision { get; init; }

    /// <value>The records, sorted by <see cref="IntentKey.Order"/>.</value>
    public required ImmutableSortedDictionary<IntentKey, IntentRecord> Records { get; init; }

    /// <value>SHA-256 over all state that affects later behaviour, hexadecimal. Computed on request.</value>
    public required Func<string> Hash { get; init; }

    public static IntentReplica Empty { get; } = new()
    {
        AppliedIndex = 0,
        Revision = 0,
        Records = ImmutableSortedDictionary.Create<IntentKey, IntentRecord>(IntentKey.Order),
        Hash = static () => "",
    };
}
