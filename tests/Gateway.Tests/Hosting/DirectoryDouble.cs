using System.Collections.Frozen;
using Meridian.Federation.Regions;
using Meridian.Messages;
using Meridian.Routing.Snapshots;

namespace Meridian.Gateway.Tests.Hosting;

/// <summary>A directory with the snapshot that the test puts there.</summary>
public sealed class DirectoryDouble : IRegionDirectory
{
    public DirectorySnapshot Current { get; set; } = Snapshot(Region("eastus", RegionHealth.Alive, Model("minilm", 1)), Region("westeurope", RegionHealth.Unknown));

    public static DirectorySnapshot Snapshot(params RegionView[] views) => new()
    {
        Edge = "front-door",
        Intent = new Intent
        {
            Epoch = 1,
            Regions = [.. views.Select((view, i) => new RegionMember
            {
                Name = view.Name,
                Jurisdiction = view.Name == "westeurope" ? "eu" : "us",
                Protocol = new Uri($"http://127.0.0.1:{8190 + i}"),
                Facade = new Uri($"http://127.0.0.1:{8081 + i}"),
                Location = "somewhere",
            })],
            Models =
            [
                new ModelDeclaration { Name = "minilm", Kind = "embedding", OwnedBy = "sentence-transformers", Created = 1_630_000_000 },
                new ModelDeclaration { Name = "vendor/other model", Kind = "embedding", OwnedBy = "vendor", Created = 5 },
            ],
        },
        Views = views.ToFrozenDictionary(view => view.Name),
    };

    public static RegionView Region(string name, RegionHealth health, params ModelStatus[] models) =>
        new() { Name = name, Health = health, Models = models, Incarnation = health == RegionHealth.Unknown ? 0 : 1_700_000_000_000, RoundTripMs = health == RegionHealth.Unknown ? double.NaN : 12.3456, InFlight = 2 };

    public static ModelStatus Model(string name, int ready, string? problem = null) =>
        new() { Model = name, Version = EdgeDouble.Version, Variant = "fp32", DesiredReplicas = 1, ReadyReplicas = ready, InFlight = 3, Queued = 4, QueueCapacity = 64, ServiceMs = 1.5f, Problem = problem };
}
