using Meridian.Federation.Regions;
using Meridian.Routing.Snapshots;

namespace Meridian.Federation.Edge;

/// <summary>
/// The requests that wait for a model. Problem: a model that is being loaded would refuse its first callers. Normal course: a request waits until a region offers the model.
/// Failures: the wait ends when its time is over, when no region loads the model any more, or at once if too many requests wait already.
/// </summary>
/// <param name="directory">The snapshots.</param>
/// <param name="sources">Timers of the waits.</param>
/// <param name="longestMs">Longest wait, ms.</param>
/// <param name="places">Most requests that wait at once.</param>
internal sealed class ModelWaits(IDirectoryFeed directory, AttemptSources sources, int longestMs, int places)
{
    private int _waiting;

    /// <summary>Waits for a snapshot that offers the model. False if none came.</summary>
    /// <param name="snapshot">The present snapshot.</param>
    /// <param name="leftMs">Time left of the request, ms.</param>
    /// <param name="isLoading">Whether a region loads the model.</param>
    /// <param name="isOffered">Whether a region offers the model.</param>
    /// <param name="caller">The caller's token.</param>
    /// <exception cref="OperationCanceledException">The caller has gone.</exception>
    public async Task<bool> WaitAsync(
        DirectorySnapshot snapshot, int leftMs, Func<DirectorySnapshot, bool> isLoading, Func<DirectorySnapshot, bool> isOffered, CancellationToken caller)
    {
        if (longestMs <= 0 || leftMs <= 0)
            return false;
        if (Interlocked.Increment(ref _waiting) > places)
        {
            Interlocked.Decrement(ref _waiting);
            return false;
        }

        using var limit = sources.Begin(Math.Min(longestMs, leftMs), caller, CancellationToken.None);
        try
        {
            while (isLoading(snapshot))
            {
                snapshot = await directory.WaitForChangeAsync(snapshot, limit.Token).ConfigureAwait(false);
                if (isOffered(snapshot))
                    return true;
            }

            return false;
        }
        catch (OperationCanceledException) when (!caller.IsCancellationRequested)
        {
            return false;
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }
}
