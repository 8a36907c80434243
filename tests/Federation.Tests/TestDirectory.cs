using System.Collections.Frozen;
using Meridian.Federation.Regions;
using Meridian.Messages;
using Meridian.Routing.Snapshots;

namespace Meridian.Federation.Tests;

/// <summary>A directory whose snapshots a test writes itself.</summary>
internal sealed class TestDirectory : IDirectoryFeed
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, CancellationTokenSource> _lives = [];
    private TaskCompletionSource<DirectorySnapshot> _next = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TestDirectory(params (string Name, string Jurisdiction)[] regions)
    {
        foreach (var (name, _) in regions)
            _lives[name] = new CancellationTokenSource();
        Current = new DirectorySnapshot
        {
            Edge = "front-door",
            Intent = Sample.Intent(regions),
            Views = regions.ToFrozenDictionary(r => r.Name, r => View(r.Name)),
        };
    }

    public DirectorySnapshot Current { get; private set; }

    /// <summary>Set when somebody waits for the next snapshot.</summary>
    public TaskCompletionSource Awaited { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<DirectorySnapshot> WaitForChangeAsync(DirectorySnapshot known, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (!ReferenceEquals(Current, known))
                return Task.FromResult(Current);
            Awaited.TrySetResult();
            return _next.Task.WaitAsync(cancellationToken);
        }
    }

    public void Change(string region, Func<RegionView, RegionView> change) =>
        Publish(Current with { Views = Current.Views.ToFrozenDictionary(v => v.Key, v => v.Key == region ? change(v.Value) : v.Value) });

    public void Publish(DirectorySnapshot snapshot)
    {
        lock (_lock)
        {
            Current = snapshot;
            _next.TrySetResult(snapshot);
            _next = new TaskCompletionSource<DirectorySnapshot>(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    public void Load(string region, params ModelStatus[] models) => Change(region, v => v with { Models = models });

    /// <summary>The region is judged dead: view and token.</summary>
    public void Die(string region)
    {
        Change(region, v => v with { Health = RegionHealth.Dead });
        _lives[region].Cancel();
    }

    public void Revive(string region)
    {
        _lives[region] = new CancellationTokenSource();
        Change(region, v => v with { Health = RegionHealth.Alive, Incarnation = v.Incarnation + 1, Lost = _lives[region].Token });
    }

    private RegionView View(string name) => new()
    {
        Name = name,
        Health = RegionHealth.Alive,
        Incarnation = 1,
        RoundTripMs = 1,
        Models = [Sample.Model()],
        Lost = _lives[name].Token,
    };
}
