namespace Meridian.Client.Routing;

/// <summary>What the choice of a region looks at.</summary>
/// <param name="Usable">Connected, and permitted to see the request.</param>
/// <param name="Ready">Reports a ready replica of the model.</param>
/// <param name="Full">Reports queues without room.</param>
/// <param name="Draining">Says that it takes nothing new.</param>
/// <param name="Settled">Was never lost, or has been back for long enough.</param>
/// <param name="Preferred">The configured home region.</param>
/// <param name="ExpectedMs">Round trip plus expected wait in the region's queues, ms.</param>
internal readonly record struct RegionCandidate(bool Usable, bool Ready, bool Full, bool Draining, bool Settled, bool Preferred, double ExpectedMs)
{
    /// <summary>Tiers below this one may become a home.</summary>
    public const int LastResort = 2;

    /// <value>
    /// 0 can serve, 1 is full, 2 is draining (it still serves what has nowhere else to go), 3 has no ready replica (its answer, or its reason, is still worth having).
    /// </value>
    public int Tier => !Ready ? 3 : Draining ? LastResort : Full ? 1 : 0;
}
