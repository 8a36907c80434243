using Meridian.Grains.Storage;
using Meridian.Silo.Configuration;

namespace Meridian.Silo.Store.Health;

/// <summary>
/// The store's health for the region's grains. It reads notes in the region's directory. This process writes them, or the store's process if that runs on the
/// same machine.
/// </summary>
internal sealed class StoreHealth(RegionPlan region, TimeProvider time) : IStoreHealth
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(250);

    private readonly Lock _gate = new();
    private string? _refusal;
    private long? _looked;

    public StoreNotice Notice { get; } = new(Path.Combine(region.StoreDirectory, "problem"));

    public StoreLosses Losses { get; } = new(Path.Combine(region.Data, "store-losses"), time);

    public string? Refusal
    {
        get
        {
            lock (_gate)
            {
                if (_looked is not { } looked || time.GetElapsedTime(looked) >= LookEvery)
                {
                    _refusal = region.Store.Kind == StoreKind.Garnet ? Notice.Read() : null;
                    _looked = time.GetTimestamp();
                }

                return _refusal;
            }
        }
    }

    public string? Problem => (Refusal, Losses.Read()) switch
    {
        ({ } refusal, { } losses) => $"{refusal} {losses}",
        var (refusal, losses) => refusal ?? losses,
    };
}
