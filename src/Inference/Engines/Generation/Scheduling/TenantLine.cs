namespace Meridian.Inference.Engines.Generation.Scheduling;

/// <summary>What a tenant waits for and what it has been given.</summary>
/// <param name="tenant">Name.</param>
internal sealed class TenantLine(string tenant)
{
    public string Tenant { get; } = tenant;

    /// <value>Sequences in order of arrival; one that gave its slot up is in its old place again.</value>
    public List<GenerationSequence> Waiting { get; } = [];

    public int Running { get; set; }

    /// <value>Service received, in weighted tokens.</value>
    public long Served { get; set; }

    /// <value>When it was last first in a step's share of prompts.</value>
    public long PromptTurn { get; set; }

    /// <value>Whether it waits or runs.</value>
    public bool IsBusy => Waiting.Count > 0 || Running > 0;

    /// <value>Whether it is among those that share the engine; lags behind <see cref="IsBusy"/> until the next sweep.</value>
    public bool IsActive { get; set; }
}
