using Meridian.Grains.Draining;
using Meridian.Grains.Tests.Fakes;

namespace Meridian.Grains.Tests.Draining;

/// <summary>Orders, and the way to wait for what they bring about.</summary>
internal static class Drains
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static DrainTarget Silo(SiloAddress silo) => new() { Scope = DrainScope.Silo, Silo = silo.Endpoint.ToString() };

    public static DrainTarget Replica(string model, int number) => new() { Scope = DrainScope.Replica, Model = model, Replica = number };

    public static Task<DrainOverview> DrainAsync(this RegionCluster region, DrainTarget target, int deadlineSeconds = 600, bool sticky = false) =>
        region.Grains.GetGrain<IRegionDrain>(0).Begin(new DrainOrder { Target = target, DeadlineSeconds = deadlineSeconds, By = "test", Reason = "because", Sticky = sticky });

    /// <summary>Follows the region's drains until they are as wanted; fails with the last.</summary>
    public static async Task<DrainOverview> DrainsAsync(this RegionCluster region, Func<DrainOverview, bool> wanted)
    {
        using var patience = new CancellationTokenSource(Patience);
        DrainOverview? overview = null;
        while (true)
        {
            try
            {
                overview = await region.Grains.GetGrain<IRegionDrain>(0).Report(null, overview?.Revision ?? 0, patience.Token);
                if (wanted(overview)) return overview;
            }
            catch (OperationCanceledException) when (patience.IsCancellationRequested)
            {
                Assert.Fail($"The drains did not become as wanted within {Patience}. Last: {string.Join("; ", overview?.Drains.Select(d => d.ToString()) ?? [])}; "
                    + $"{string.Join("; ", overview?.Silos.SelectMany(s => s.Shards).Select(s => s.ToString()) ?? [])}\n{region.Log}");
            }
        }
    }

    public static Task<DrainOverview> EmptyAsync(this RegionCluster region, DrainScope scope) =>
        region.DrainsAsync(overview => overview.Drains.Any(drain => drain.Target.Scope == scope && drain.State == DrainState.Empty));
}
