using Meridian.Routing.Snapshots;

namespace Meridian.Federation.Regions;

/// <summary>Where intent comes from: the intent log, another process that has it, or configuration.</summary>
public interface IIntentSource
{
    /// <value>The newest intent known here. Immutable; swapped whole.</value>
    Intent Current { get; }

    /// <summary>Completes when <see cref="Current"/> has an epoch above <paramref name="knownEpoch"/>.</summary>
    Task<Intent> WaitForChangeAsync(long knownEpoch, CancellationToken cancellationToken);
}
