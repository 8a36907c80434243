using System.Collections.Frozen;
using Meridian.Messages;
using Meridian.Routing.Snapshots;
using Meridian.Routing.Tables;

namespace Meridian.Benchmarks.Routing;

/// <summary>What is decided over.</summary>
internal static class RoutingWorld
{
    /// <summary>All regions alive, on four continents' worth of round trips, with all models; every other model generates text and reports how fast.</summary>
    public static DirectorySnapshot Snapshot(int regions, int models, Random random)
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
            RoundTripMs = 1 + (random.NextDouble() * 250),
            Models = [.. intent.Models.Select(model => Status(model.Name, model.Kind == "generation", random))],
        }).ToArray();
        return new DirectorySnapshot
        {
            Edge = "front-door",
            Intent = intent,
            Views = views.ToFrozenDictionary(v => v.Name, StringComparer.Ordinal),
            ViewsInOrder = views,
        };
    }

    /// <summary>Requests of this edge at all regions, as the last reports had them.</summary>
    public static InFlightLedger InFlight(DirectorySnapshot snapshot, Random random)
    {
        var ledger = new InFlightLedger();
        foreach (var member in snapshot.Intent.Regions)
        {
            // Never given back: so much is under way.
            for (var i = random.Next(20); i > 0; i--)
            {
                _ = ledger.Enter(member.Name, snapshot.Intent.Models[random.Next(snapshot.Intent.Models.Length)].Name);
            }

            ledger.Heard(member.Name);
        }

        return ledger;
    }

    private static ModelStatus Status(string model, bool generates, Random random) => new()
    {
        Model = model,
        Version = "v1@0",
        Variant = "fp32",
        DesiredReplicas = 2,
        ReadyReplicas = 1 + random.Next(3),
        InFlight = random.Next(8),
        Queued = random.Next(4),
        QueueCapacity = 4096,
        ServiceMs = 5 + (float)(random.NextDouble() * 40),
        Pace = generates ? new TokenPace { TokenMs = 20 + (float)(random.NextDouble() * 20), AloneMs = 20, Tokens = 200, Slots = 24 } : null,
    };
}
