namespace Meridian.Inference.Engines.Generation.Scheduling;

/// <summary>The waiting sequences of a tenant, and the service that the tenant has received.</summary>
/// <param name="tenant">Name of the tenant.</param>
internal sealed class TenantLine(string tenant)
{
    public string Tenant { get; } = tenant;

    /// <value>Waiting sequences in order of arrival. A preempted sequence returns to its old place.</value>
    public List<GenerationSequence> Waiting { get; } = [];

    public int Running { get; set; }

    /// <value>Service received, in weighted tokens.</value>
    public long Served { get; set; }

    /// <value>Turn number of the last prompt chunk of this tenant. The tenant with the lowest number gets the next chunk.</value>
    public long PromptTurn { get; set; }

    /// <value>Whether the tenant has waiting or running sequences.</value>
    public bool IsBusy => Waiting.Count > 0 || Running > 0;

    /// <value>Whether the tenant is in the queue's list of active tenants. Follows <see cref="IsBusy"/> only at the next sweep.</value>
    public bool IsActive { get; set; }
}
