using System.Diagnostics;
using System.Globalization;
using Meridian.Cluster.Tests.Harness;
using Meridian.Load;

namespace Meridian.Benchmarks.Reproducibility;

/// <summary>Decode throughput of this build beside another build of the benchmarks, in pairs one after the other, each in a process of its own.</summary>
/// <param name="other">Path of the other build's <c>Meridian.benchmarks.dll</c>, or of its folder.</param>
/// <param name="pairs">Pairs; which of two runs first changes with every pair.</param>
/// <param name="options">Passed on to both: sizes, streams, tokens, threads.</param>
public sealed class PairsBenchmark(string other, int pairs, Arguments options)
{
    private const string Assembly = "Meridian.benchmarks.dll";
    private const double Goal = 0.99;

    public async Task<int> RunAsync()
    {
        var path = Directory.Exists(other) ? Path.Combine(other, Assembly) : other;
        if (!File.Exists(path))
        {
            Console.Error.WriteLine($"There is no '{path}': give --other the {Assembly} of the build to compare with, or the folder that it is in.");
            return 2;
        }

        using var models = new TemporaryDirectory();
        var own = Path.Combine(AppContext.BaseDirectory, Assembly);
        var rates = new List<(double Mine, double Theirs)>();
        for (var pair = -1; pair < pairs; pair++)
        {
            var both = new double[2];
            int[] order = pair % 2 == 0 ? [0, 1] : [1, 0];
            foreach (var turn in order)
            {
                both[turn] = await RateAsync(turn == 0 ? own : Path.GetFullPath(path), models.Path);
            }

            // The first pair makes the model and fills the caches of the disk.
            if (pair < 0)
            {
                continue;
            }

            rates.Add((both[0], both[1]));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"pair {pair + 1}: {both[0]:0} and {both[1]:0} tokens/s, ratio {both[0] / both[1]:0.000}"));
        }

        var ratio = PairedRatio.Of(rates);
        var met = ratio.High >= Goal;
        Table.Print(
            string.Create(CultureInfo.InvariantCulture, $"Decode throughput of this build and another, {pairs} interleaved pairs"),
            ["", "tokens/s, mean", "ratio", "95 % interval", $"wanted: reaches {Goal.ToString(CultureInfo.InvariantCulture)}"],
            ["this build", Text(rates.Average(rate => rate.Mine), "0"), Text(ratio.Mean, "0.0000"), $"{Text(ratio.Low, "0.0000")} to {Text(ratio.High, "0.0000")}", met ? "met" : "missed"],
            ["the other", Text(rates.Average(rate => rate.Theirs), "0"), "1", "", ""]);
        return met ? 0 : 1;
    }

    /// <summary>Tokens a second of the engine, as the other build's own benchmark prints them.</summary>
    private async Task<double> RateAsync(string assembly, string models)
    {
        string[] arguments =
        [
            assembly, "generation", "--only", "a", "--pairs", "1", "--models", models, "--sizes", options.Text("sizes", "small"),
            "--streams", options.Text("streams", "32"), "--tokens", options.Text("tokens", "256"), "--threads", options.Text("threads", "1"),
        ];
        using var process = Process.Start(new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true })
            ?? throw new InvalidOperationException($"'dotnet {assembly}' did not start.");
        var lines = (await process.StandardOutput.ReadToEndAsync()).Split('\n');
        await process.WaitForExitAsync();
        var engine = Array.Find(lines, line => line.StartsWith("| engine", StringComparison.Ordinal))
            ?? throw new InvalidOperationException($"'dotnet {string.Join(' ', arguments)}' printed no row 'engine' (exit code {process.ExitCode}):\n{string.Join('\n', lines.TakeLast(20))}");
        return double.Parse(engine.Split('|')[2], CultureInfo.InvariantCulture);
    }

    private static string Text(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
