using System.Collections.Frozen;
using System.Diagnostics;
using System.Globalization;
using Meridian.Federation.Directory;
using Meridian.Federation.Routing;
using Meridian.Federation.Sovereignty;
using Meridian.Messages;

namespace Meridian.Benchmarks.Routing;

/// <summary>
/// What a routing decision costs: on a snapshot that has been decided on before, on a new one, and on a new one with a region's new report. Time is the least and the median of many batches
/// (on a machine that others use, too, the least is what the decision costs), memory what the deciding thread allocated.
/// </summary>
public sealed class RoutingBenchmark(int regions, int models, double seconds)
{
    /// <summary>Decisions that are timed together: many enough for the clock, few enough to end, mostly, before another process has its turn.</summary>
    private const int Batch = 100;

    private readonly Random _random = new(1);
    private readonly InFlightLedger _inFlight = new();

    public int Run()
    {
        var snapshot = Snapshot();
        foreach (var member in snapshot.Intent.Regions)
        {
            // Never given back: so much is under way.
            for (var i = _random.Next(20); i > 0; i--)
            {
                _ = _inFlight.Enter(member.Name);
            }
        }

        var rows = new List<string[]>();
        foreach (var policy in RoutingPolicies.ByName.Keys.Order(StringComparer.Ordinal))
        {
            var director = new RoutingDirector(RoutingPolicies.ByName[policy], 5, _inFlight);
            rows.Add(Row($"{policy}", Warm(director, snapshot, default)));
        }

        var usual = new RoutingDirector(RoutingPolicies.ByName[RoutingPolicies.Default], 5, _inFlight);
        rows.Add(Row($"{RoutingPolicies.Default}, data bound to one of two jurisdictions", Warm(usual, snapshot, new DataBoundary(["eu", "ch"], null))));
        rows.Add(Row($"{RoutingPolicies.Default}, first on a new snapshot with one new report", Fresh(usual, snapshot, perSnapshot: 1)));
        rows.Add(Row($"{RoutingPolicies.Default}, first {Math.Min(20, models)} models on a new snapshot with one new report, each", Fresh(usual, snapshot, Math.Min(20, models))));
        Table.Print(
            string.Create(CultureInfo.InvariantCulture, $"One decision over {regions} regions and {models} models"), ["policy", "ns, least", "ns, median", "bytes allocated"], [.. rows]);
        return 0;
    }

    private static string[] Row(string name, (double Least, double Median, double Bytes) cost) =>
        [name, cost.Least.ToString("F0", CultureInfo.InvariantCulture), cost.Median.ToString("F0", CultureInfo.InvariantCulture), cost.Bytes.ToString("F0", CultureInfo.InvariantCulture)];

    private (double Least, double Median, double Bytes) Warm(RoutingDirector director, DirectorySnapshot snapshot, DataBoundary boundary)
    {
        var at = 0;
        Warm();
        return Measure(Decide, Batch);

        void Warm()
        {
            for (var i = 0; i < models; i++)
            {
                Decide();
            }
        }

        void Decide()
        {
            at = (at + 7) % models;
            var request = new RouteRequest { Model = snapshot.Intent.Models[at].Name, Boundary = boundary, Affinity = (ulong)at + 1 };
            if (director.Decide(snapshot, request, _random).Choice is null)
            {
                throw new InvalidOperationException("No region was chosen.");
            }
        }
    }

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

    private DirectorySnapshot Snapshot()
    {
        string[] jurisdictions = ["eu", "us", "ch", "apac"];
        var intent = new Intent
        {
            Epoch = 1,
            Regions =
            [
                .. Enumerable.Range(0, regions).Select(i => new RegionMember
                {
                    Name = $"region-{i}",
                    Jurisdiction = jurisdictions[i % jurisdictions.Length],
                    Protocol = new Uri($"http://127.0.0.1:{10_000 + i}"),
                    PricePerHour = 1 + (i % 5),
                }),
            ],
            Models = [.. Enumerable.Range(0, models).Select(i => new ModelDeclaration { Name = $"model-{i}", Kind = i % 2 == 0 ? "embedding" : "generation", OwnedBy = "meridian" })],
        };
        var views = intent.Regions.Select(member => new RegionView
        {
            Name = member.Name,
            Health = RegionHealth.Alive,
            Incarnation = 1,
            RoundTripMs = 1 + (_random.NextDouble() * 250),
            Models = [.. intent.Models.Select(model => Status(model.Name, model.Kind == "generation"))],
        }).ToArray();
        return new DirectorySnapshot
        {
            Edge = "front-door",
            Intent = intent,
            Views = views.ToFrozenDictionary(v => v.Name, StringComparer.Ordinal),
            ViewsInOrder = views,
        };
    }

    private ModelStatus Status(string model, bool generates) => new()
    {
        Model = model,
        Version = "v1@0",
        Variant = "fp32",
        DesiredReplicas = 2,
        ReadyReplicas = 1 + _random.Next(3),
        InFlight = _random.Next(8),
        Queued = _random.Next(4),
        QueueCapacity = 4096,
        ServiceMs = 5 + (float)(_random.NextDouble() * 40),
        Pace = generates ? new TokenPace { TokenMs = 20 + (float)(_random.NextDouble() * 20), AloneMs = 20, Tokens = 200, Slots = 24 } : null,
    };
}
