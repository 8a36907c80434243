namespace Meridian.Simulation.Model;

/// <summary>
/// The requests of a scenario, the same for every strategy: conversations arrive at each edge as a Poisson process whose rate follows the local hour; their further turns come after the
/// time that the answer and the reading of it usually take, whatever the strategy makes of them.
/// </summary>
internal static class Trace
{
    private const int LongestTokens = 8192;

    public static List<Arrival> Make(Scenario scenario, IReadOnlyList<Site> sites)
    {
        var arrivals = new List<Arrival>();
        var popularity = Popularity(scenario);
        var endMs = scenario.Minutes * 60_000;
        var perEdge = scenario.RequestsPerSecond / scenario.Turns / sites.Count / 1000;
        var conversation = 0ul;
        for (var edge = 0; edge < sites.Count; edge++)
        {
            var dice = new Random(HashCode(scenario.Seed, edge));
            var most = perEdge * (1 + scenario.Diurnal) * scenario.Surges.Where(surge => surge.Region == sites[edge].Name).Select(surge => surge.Times).DefaultIfEmpty(1).Max();
            for (var at = Exponential(dice, 1 / most); at < endMs; at += Exponential(dice, 1 / most))
            {
                if (dice.NextDouble() * most < perEdge * Level(scenario, sites[edge], at))
                    Converse(scenario, dice, arrivals, popularity, at, edge, ++conversation, endMs);
            }
        }

        // By time; two at the same time in the order of their edges, as they were made.
        return [.. arrivals.OrderBy(arrival => arrival.AtMs)];
    }

    /// <summary>A region's load over its mean at that time.</summary>
    public static double Level(Scenario scenario, Site site, double atMs)
    {
        var hour = (atMs / 60_000 / scenario.DayMinutes * 24) + site.SolarOffset;
        var level = 1 + (scenario.Diurnal * Math.Cos((hour - 15) / 24 * 2 * Math.PI));
        foreach (var surge in scenario.Surges)
        {
            if (surge.Region == site.Name && atMs >= surge.AtMinute * 60_000 && atMs < (surge.AtMinute + surge.Minutes) * 60_000)
                level *= surge.Times;
        }

        return level;
    }

    // Not the framework's: that is seeded anew in every process.
    public static int HashCode(int seed, int stream) => unchecked((seed * 7919) + (stream * 104_729) + 17);

    private static void Converse(Scenario scenario, Random dice, List<Arrival> arrivals, double[] popularity, double at, int edge, ulong conversation, double endMs)
    {
        var model = Math.Min(FindIndex(popularity, dice.NextDouble()), popularity.Length - 1);
        var flex = dice.NextDouble() < scenario.Flex;
        var history = 0;
        do
        {
            var prompt = Math.Min(history + LogNormal(dice, scenario.Prompt), LongestTokens);
            var output = LogNormal(dice, scenario.Output);
            if (at < endMs)
                arrivals.Add(new Arrival(at, edge, model, conversation, prompt, output, flex));
            history = prompt + output;
            at += (output * scenario.Engine.StepMs * 1.5) + Exponential(dice, scenario.ThinkSeconds * 1000);
        }
        while (dice.NextDouble() > 1 / scenario.Turns && history < LongestTokens);
    }

    private static double[] Popularity(Scenario scenario)
    {
        var sums = new double[scenario.Models];
        var sum = 0.0;
        for (var model = 0; model < sums.Length; model++)
            sums[model] = sum += 1 / Math.Pow(model + 1, scenario.Zipf);
        return Array.ConvertAll(sums, s => s / sum);
    }

    private static double Exponential(Random dice, double mean) => -Math.Log(1 - dice.NextDouble()) * mean;

    private static int LogNormal(Random dice, double[] medianAndSigma)
    {
        // Box and Muller.
        var normal = Math.Sqrt(-2 * Math.Log(1 - dice.NextDouble())) * Math.Cos(2 * Math.PI * dice.NextDouble());
        return Math.Clamp((int)(medianAndSigma[0] * Math.Exp(medianAndSigma[1] * normal)), 1, LongestTokens / 2);
    }

    private static int FindIndex(double[] sums, double draw)
    {
        var at = Array.BinarySearch(sums, draw);
        return at < 0 ? ~at : at;
    }
}
