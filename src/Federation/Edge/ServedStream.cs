using Meridian.Federation.Regions;
using Meridian.Routing.Tables;

namespace Meridian.Federation.Edge;

/// <summary>The part of a stream that one region serves, with everything that must be given back when it ends.</summary>
/// <param name="stream">The stream.</param>
/// <param name="attempt">The attempt that opened it.</param>
/// <param name="limits">Its token fires with the caller, with the region's loss and at the deadline.</param>
/// <param name="entry">Its entry in the ledger of requests under way.</param>
internal sealed class ServedStream(IRegionStream stream, Attempt attempt, AttemptSources.Attempt limits, InFlightLedger.Entry entry)
{
    private int _ended;

    /// <value>Disposed with the stream, or null.</value>
    public IDisposable? Owned { get; set; }

    public IRegionStream Stream => stream;

    public Attempt Attempt => attempt;

    /// <value>Whether the caller has gone, the region is lost, or the deadline has passed.</value>
    public bool IsOver => limits.Token.IsCancellationRequested;

    /// <summary>Gives back what the stream holds. Only the first call counts. An error of the stream is dropped: nobody reads on.</summary>
    public async ValueTask EndAsync()
    {
        if (Interlocked.Exchange(ref _ended, 1) != 0)
            return;
        try
        {
            await stream.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception)
        {
            // The region is left, and what is held here is given back below: the move goes on.
        }

        limits.Dispose();
        entry.Dispose();
        Owned?.Dispose();
    }
}
