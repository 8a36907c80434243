using Meridian.Simulation.Engine;
using Meridian.Simulation.Model;
using Meridian.Simulation.Strategies;

namespace Meridian.Simulation;

/// <summary>Runs strategies on one and the same trace.</summary>
internal static class Runner
{
    public static ScenarioResult Run(Scenario scenario, IReadOnlyList<string> strategies, int? replicas = null, Action<string>? progress = null)
    {
        var trace = Trace.Make(scenario, World.SitesOf(scenario));
        var results = new List<StrategyResult>();
        foreach (var name in strategies)
        {
            progress?.Invoke($"{scenario.Name}: {name}, {trace.Count} requests");
            results.Add(Figures(new World(scenario, StrategyList.Make(name), replicas).Run(trace)));
        }

        return new ScenarioResult(scenario.Name, trace.Count, [.. results]);
    }

    public static List<ProvisionResult> Provision(Scenario scenario, IReadOnlyList<string> strategies, double firstMs, int most, Action<string>? progress = null)
    {
        var trace = Trace.Make(scenario, World.SitesOf(scenario));
        var results = new List<ProvisionResult>();
        foreach (var name in strategies)
        {
            // More replicas are never worse by much: the least that will do is found by halving.
            var (low, high) = (1, most + 1);
            StrategyResult? best = null;
            while (low < high)
            {
                var middle = (low + high) / 2;
                progress?.Invoke($"{scenario.Name}: {name} with {middle} replicas");
                var figures = Figures(new World(scenario, StrategyList.Make(name), middle).Run(trace));
                if (figures is { Failed: 0, Unfinished: 0 } && figures.FirstP90 <= firstMs)
                    (high, best) = (middle, figures);
                else
                    low = middle + 1;
            }

            results.Add(new ProvisionResult(name, best is null ? null : high, best?.FirstP90 ?? double.NaN, best?.CostPerMillion ?? double.NaN));
        }

        return results;
    }

    private static StrategyResult Figures(Outcome outcome) => new()
    {
        Strategy = outcome.Strategy,
        TokensPerSecond = Round(outcome.TokensPerSecond),
        FirstMean = Round(outcome.MeanFirstMs),
        FirstP50 = Round(outcome.FirstMs(50)),
        FirstP90 = Round(outcome.FirstMs(90)),
        FirstP99 = Round(outcome.FirstMs(99)),
        CompletionMean = Round(outcome.MeanCompletionMs),
        CompletionP99 = Round(outcome.CompletionMs(99)),
        Remote = Round(outcome.Finished == 0 ? 0 : (double)outcome.Remote / outcome.Finished, 4),
        Cached = Round(outcome.Cached, 4),
        Finished = outcome.Finished,
        Failed = outcome.Failed,
        Unfinished = outcome.Unfinished,
        Moved = outcome.Moved,
        CostPerMillion = Round(outcome.CostPerMillion, 4),
    };

    private static double Round(double value, int digits = 1) => double.IsFinite(value) ? Math.Round(value, digits) : -1;
}
