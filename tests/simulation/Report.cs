using System.Globalization;
using Meridian.Simulation.Model;
using Spectre.Console;

namespace Meridian.Simulation;

/// <summary>Prints figures for people; every column also as a ratio to the first strategy where that helps.</summary>
internal static class Report
{
    public static void Progress(string what) => Console.Error.WriteLine(what);

    public static void Print(Scenario scenario, ScenarioResult result)
    {
        var table = new Table { Border = TableBorder.Markdown };
        table.AddColumns("strategy", "tokens/s", "first token mean", "p50", "p99", "completion mean", "p99", "remote", "cached", "moved", "failed", "unfinished", "cost/Mtok");
        var baseline = result.Strategies[0];
        foreach (var figures in result.Strategies)
        {
            table.AddRow(
                figures.Strategy,
                $"{Number(figures.TokensPerSecond)} ({Ratio(figures.TokensPerSecond, baseline.TokensPerSecond)})",
                $"{Number(figures.FirstMean)} ({Ratio(baseline.FirstMean, figures.FirstMean)})",
                Number(figures.FirstP50),
                Number(figures.FirstP99),
                $"{Number(figures.CompletionMean)} ({Ratio(baseline.CompletionMean, figures.CompletionMean)})",
                Number(figures.CompletionP99),
                figures.Remote.ToString("P0", CultureInfo.InvariantCulture),
                figures.Cached.ToString("P0", CultureInfo.InvariantCulture),
                Number(figures.Moved),
                Number(figures.Failed),
                Number(figures.Unfinished),
                figures.CostPerMillion.ToString("0.000", CultureInfo.InvariantCulture));
        }

        Console.WriteLine($"\n{scenario.Name}: {scenario.Description} {result.Requests} requests; ms; in brackets how many times better than {baseline.Strategy}\n");
        Write(table);
    }

    public static void Print(Scenario scenario, double firstMs, List<ProvisionResult> results)
    {
        var table = new Table { Border = TableBorder.Markdown };
        table.AddColumns("strategy", "replicas", "first token p90", "cost/Mtok", "saved");
        var baseline = results[0];
        foreach (var result in results)
        {
            table.AddRow(
                result.Strategy,
                result.Replicas?.ToString(CultureInfo.InvariantCulture) ?? "too few",
                Number(result.FirstP90),
                result.CostPerMillion.ToString("0.000", CultureInfo.InvariantCulture),
                result.Replicas is null || baseline.Replicas is null ? "" : (1 - (result.CostPerMillion / baseline.CostPerMillion)).ToString("P0", CultureInfo.InvariantCulture));
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"\n{scenario.Name}: fewest replicas a region with which 90 % have their first token within {firstMs:0} ms and none fails\n"));
        Write(table);
    }

    // Without a terminal the width is unknown: the table must not be folded.
    private static void Write(Table table)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(Console.Out) });
        console.Profile.Width = 240;
        console.Write(table);
    }

    private static string Number(double value) => value < 0 || double.IsNaN(value) ? "-" : value.ToString("#,0", CultureInfo.InvariantCulture);

    private static string Ratio(double above, double below) => below <= 0 || above < 0 ? "-" : (above / below).ToString("0.00", CultureInfo.InvariantCulture);
}
