namespace Meridian.Intents.Tests.Chaos;

/// <summary>What a <see cref="Nemesis"/> does, by name.</summary>
public static class FaultKinds
{
    public const string LeaderKilled = "leader killed";
    public const string OneKilled = "one killed";
    public const string TwoKilled = "two killed";
    public const string AllKilled = "all killed";
    public const string LeaderFrozen = "leader frozen";
    public const string OneFrozen = "one frozen";
    public const string TwoFrozen = "two frozen";
    public const string SiteCutOff = "site cut off";
    public const string OneWayCut = "one way cut";
    public const string LeaderCutOff = "leader cut off";
    public const string LinksFlap = "links flap";

    /// <value>In an order that gives every seed of a short suite faults of processes and of links.</value>
    public static IReadOnlyList<string> All { get; } =
        [LeaderKilled, OneKilled, TwoKilled, LinksFlap, LeaderCutOff, OneWayCut, OneFrozen, TwoFrozen, LeaderFrozen, AllKilled, SiteCutOff];

    /// <summary>Whether it needs links that can be cut.</summary>
    public static bool NeedsLinks(string kind) => kind is SiteCutOff or OneWayCut or LeaderCutOff or LinksFlap;
}
