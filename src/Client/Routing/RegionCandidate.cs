namespace Meridian.Client.Routing;

/// <summary>The properties of a region that decide the choice.</summary>
/// <param name="Usable">Connected, and permitted to see the request.</param>
/// <param name="Ready">Reports a ready replica of the model.</param>
/// <param name="Full">Reports that its queues have no room.</param>
/// <param name="Draining">Reports that it is draining.</param>
/// <param name="Settled">Was never lost, or has been back for long enough.</param>
/// <param name="Preferred">The configured home region.</param>
/// <param name="ExpectedMs">Round trip plus expected waiting time in the region's queues, ms.</param>
internal readonly record struct RegionCandidate(bool Usable, bool Ready, bool Full, bool Draining, bool Settled, bool Preferred, double ExpectedMs)
{
    /// <summary>Tiers below this value may become a home region.</summary>
    public const int LastResort = 2;

    /// <value>
    /// 0 can serve, 1 is full, 2 is draining (it still serves requests that no other region can serve), 3 has no ready replica (its answer or its refusal is
    /// still useful).
    /// </value>
    public int Tier => !Ready ? 3 : Draining ? LastResort : Full ? 1 : 0;
}
