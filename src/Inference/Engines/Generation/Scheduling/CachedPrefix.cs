namespace Meridian.Inference.Engines.Generation.Scheduling;

/// <summary>Keys and values of an ended or preempted sequence, kept for sequences that begin with the same tokens.</summary>
internal sealed class CachedPrefix
{
    /// <value>The tenant that owns the prefix. It is never used for another tenant.</value>
    public required string Tenant { get; init; }

    /// <value>The ids that the slot holds.</value>
    public required int[] Ids { get; init; }

    public required int Slot { get; init; }

    /// <value>How the tokens were computed. A reproducible sequence reuses only tokens that it would compute the same way.</value>
    public required KvRoles Roles { get; init; }

    /// <value>If set, the prefix is kept only for other choices of this prompt.</value>
    public PromptRun? OnlyFor { get; init; }

    /// <value>Sequence number of the last use. A larger number is more recent.</value>
    public long Used { get; set; }
}
