using System.Diagnostics;
using System.Globalization;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Meridian.Cluster.Tests.Harness;
using Meridian.Routing;
using Meridian.Routing.Decision;
using Meridian.Routing.Policies;
using Meridian.Routing.Snapshots;
using Perfolizer.Horology;

namespace Meridian.Benchmarks.Routing;

/// <summary>
/// What a routing decision costs: on a snapshot that has been decided on before (<see cref="DecisionBenchmarks"/>), and on a new one with a region's new report. There, time is the least and the
/// median of many batches (on a machine that others use, too, the least is what the decision costs), memory what the deciding thread allocated.
/// </summary>
public sealed class RoutingBenchmark(int regions, int models, double seconds)
{
    /// <summary>Decisions that are timed together: many enough for the clock, few enough to end, mostly, before another process has its turn.</summary>
    private const int Batch = 100;

    private readonly Random _random = new(1);

    public void Run(Goals goals)
    {
        DecisionBenchmarks.Regions = regions;
        DecisionBenchmarks.Models = models;
        using var folder = new TemporaryDirectory();
        var config = ManualConfig.CreateMinimumViable()
            .WithArtifactsPath(folder.Path)
            .WithOptions(ConfigOptions.DisableLogFile)
            .AddJob(Job.Default.WithToolchain(InProcessEmitToolchain.Instance).WithIterationTime(TimeInterval.FromMilliseconds(250)).WithMaxIterationCount(20));
        foreach (var report in BenchmarkRunner.Run<DecisionBenchmarks>(config).Reports)
        {
            var name = $"{report.BenchmarkCase.Parameters[nameof(DecisionBenchmarks.Policy)]}, {report.BenchmarkCase.Descriptor.WorkloadMethod.Name}";
            goals.AtMost($"{name}, us", (report.ResultStatistics?.Mean ?? double.NaN) / 1000, 2);
            goals.AtMost($"{name}, bytes allocated", report.GcStats.GetBytesAllocatedPerOperation(report.BenchmarkCase) ?? double.NaN, 0);
        }


        var snapshot = RoutingWorld.Snapshot(regions, models, _random);
        var usual = new RoutingDirector(RoutingPolicies.ByName[RoutingPolicyNames.Default], 5, RoutingWorld.InFlight(snapshot, _random));
        var rows = new List<string[]>();
        rows.Add(Row($"{RoutingPolicyNames.Default}, first on a new snapshot with one new report", Fresh(usual, snapshot, perSnapshot: 1)));
        rows.Add(Row($"{RoutingPolicyNames.Default}, first {Math.Min(20, models)} models on a new snapshot with one new report, each", Fresh(usual, snapshot, Math.Min(20, models))));
        Table.Print(
            string.Create(CultureInfo.InvariantCulture, $"One decision over {regions} regions and {models} models"), ["policy", "ns, least", "ns, median", "bytes allocated"], [.. rows]);
    }

    private static string[] Row(string name, (double Least, double Median, double Bytes) cost) =>
        [name, cost.Least.ToString("F0", CultureInfo.InvariantCulture), cost.Median.ToString("F0", CultureInfo.InvariantCulture), cost.Bytes.ToString("F0", CultureInfo.InvariantCulture)];

    private (double Least, double Median, double Bytes) Fresh(RoutingDirector director, DirectorySnapshot snapshot, int perSnapshot)
    {
        // Made beforehand: who hears a beat pays for these, not who decides.
        var made = new Queue<DirectorySnapshot>();
        var current = snapshot;
        var region = 0;
        var left = 0;
        var at = 0;
        return Measure(Decide, 20 * perSnapshot, Prepare);

        void Prepare()
        {
            made.Clear();
            for (var i = 0; i < 21; i++)
            {
                region = (region + 1) % regions;
                var views = snapshot.ViewsInOrder.ToArray();
                views[region] = views[region] with { Models = [.. views[region].Models] };
                made.Enqueue(snapshot with { ViewsInOrder = views });
            }

            left = 0;
        }

        void Decide()
        {
            if (left-- == 0)
            {
                current = made.Dequeue();
                left = perSnapshot - 1;
            }

            at = (at + 7) % models;
            if (director.Decide(current, new RouteRequest { Model = snapshot.Intent.Models[at].Name }, _random).Choice is null)
            {
                throw new InvalidOperationException("No region was chosen.");
            }
        }
    }

    private (double Least, double Median, double Bytes) Measure(Action decide, int batch, Action? prepare = null)
    {
        var nanoseconds = new List<double>();
        var bytes = new List<double>();

        // The first rounds are the compiler's.
        var spent = TimeSpan.FromSeconds(-seconds / 2);
        while (spent.TotalSeconds < seconds)
        {
            prepare?.Invoke();
            var before = GC.GetAllocatedBytesForCurrentThread();
            var began = Stopwatch.GetTimestamp();
            for (var i = 0; i < batch; i++)
            {
                decide();
            }

            var took = Stopwatch.GetElapsedTime(began);
            if (spent > TimeSpan.Zero)
            {
                nanoseconds.Add(took.TotalNanoseconds / batch);
                bytes.Add((GC.GetAllocatedBytesForCurrentThread() - before) / (double)batch);
            }

            spent += took;
        }

        nanoseconds.Sort();
        bytes.Sort();
        return (nanoseconds[0], nanoseconds[nanoseconds.Count / 2], bytes[bytes.Count / 2]);
    }
}
