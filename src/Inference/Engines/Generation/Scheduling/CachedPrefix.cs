namespace Meridian.Inference.Engines.Generation.Scheduling;

/// <summary>Keys and values of a sequence that has ended, kept for others that begin alike.</summary>
internal sealed class CachedPrefix
{
    /// <value>Whose; never used for another.</value>
    public required string Tenant { get; init; }

    /// <value>The ids that the slot holds.</value>
    public required int[] Ids { get; init; }

    public required int Slot { get; init; }

    /// <value>How they were computed: a reproducible sequence takes only what it would compute alike.</value>
    public required KvRoles Roles { get; init; }

    /// <value>Set where it is kept for this prompt's other choices alone.</value>
    public PromptRun? OnlyFor { get; init; }

    /// <value>Rank of its last use.</value>
    public long Used { get; set; }
}
