using Meridian.Federation.Regions;
using Meridian.Routing.Snapshots;
using Orleans.Concurrency;

namespace Meridian.Grains.Regions;

/// <summary>Answers from the intent that this process follows. Reentrant, so that several long polls can wait at the same time.</summary>
[StatelessWorker(1), Reentrant]
public sealed class RegionDirectoryGrain(IIntentSource intent, TimeProvider time) : Grain, IRegionDirectoryGrain
{
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(10);

    public Task<DirectoryView> Read(CancellationToken cancellationToken = default) => Task.FromResult(View(intent.Current));

    public async Task<DirectoryView?> WaitForChange(long knownEpoch, CancellationToken cancellationToken = default)
    {
        using var limit = new CancellationTokenSource(Poll, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            return View(await intent.WaitForChangeAsync(knownEpoch, either.Token));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }

    private static DirectoryView View(Intent intent) => new()
    {
        Epoch = intent.Epoch,
        Regions = Array.ConvertAll(intent.Regions, region => new DirectoryRegion { Name = region.Name, Jurisdiction = region.Jurisdiction, Facade = region.Facade?.ToString(), Location = region.Location }),
        Models = Array.ConvertAll(intent.Models, model => new DirectoryModel { Name = model.Name, Kind = model.Kind, Regions = model.Regions }),
        Residency = intent.Tenants.Where(tenant => tenant.Residency is not null).ToDictionary(tenant => tenant.Name, tenant => tenant.Residency!, StringComparer.Ordinal),
    };
}
