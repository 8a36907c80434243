namespace Meridian.Federation.Directory;

/// <summary>Where intent comes from: configuration, another region's snapshot, later the replicated log.</summary>
public interface IIntentSource
{
    /// <value>The newest intent known here. Immutable; swapped whole.</value>
    Intent Current { get; }

    /// <summary>Completes when <see cref="Current"/> has an epoch above <paramref name="knownEpoch"/>.</summary>
    Task<Intent> WaitForChangeAsync(long knownEpoch, CancellationToken cancellationToken);
}
