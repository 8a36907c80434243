using System.Globalization;

namespace Meridian.Intents.Tests.Chaos;

/// <summary>How hard a run is. In the suite it is short, and its seeds share out all kinds of faults; <c>MERIDIAN_CHAOS_SEEDS</c> (for example <c>1-20</c> or <c>3,7</c>) makes long ones of <c>MERIDIAN_CHAOS_OPERATIONS</c> (1000).</summary>
public sealed record ChaosSettings(int Seed, int Operations, int Faults, IReadOnlyList<string> Kinds, int Clients = 5, int Keys = 5)
{
    /// <value>Seeds of the suite. Others are run by hand.</value>
    private static readonly int[] Suite = [1, 2, 3];

    public static IReadOnlyList<int> SuiteSeeds => Suite;

    public static bool IsLong => Environment.GetEnvironmentVariable("MERIDIAN_CHAOS_SEEDS") is { Length: > 0 };

    public static IEnumerable<int> Seeds => Environment.GetEnvironmentVariable("MERIDIAN_CHAOS_SEEDS") is { Length: > 0 } seeds
        ? seeds.Split(',').SelectMany(part => part.Split('-') is [var from, var to] ? Enumerable.Range(Number(from), Number(to) - Number(from) + 1) : [Number(part)])
        : Suite;

    public static ChaosSettings Of(int seed)
    {
        if (!IsLong)
            return OfSuite(seed);
        var operations = Environment.GetEnvironmentVariable("MERIDIAN_CHAOS_OPERATIONS") is { Length: > 0 } text ? Number(text) : 1000;
        return new ChaosSettings(seed, operations, Faults: Math.Max(3, operations / 80), FaultKinds.All);
    }

    /// <summary>A short run of the suite: each of its seeds has kinds of its own, all of them together have every kind.</summary>
    public static ChaosSettings OfSuite(int seed)
    {
        var kinds = FaultKinds.All.Where((_, place) => place % Suite.Length == (seed - 1) % Suite.Length).ToArray();
        return new ChaosSettings(seed, Operations: 80 * kinds.Length, Faults: kinds.Length, kinds);
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
