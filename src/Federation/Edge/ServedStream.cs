using Meridian.Federation.Regions;
using Meridian.Routing.Tables;

namespace Meridian.Federation.Edge;

/// <summary>The part of a stream that one region serves, with everything that must be released when it ends.</summary>
/// <param name="attempt">The attempt that opened it.</param>
/// <param name="limits">Its token fires when the caller goes, when the region is lost and at the deadline.</param>
/// <param name="entry">The attempt's entry in the ledger of requests under way.</param>
internal sealed class ServedStream(IRegionStream stream, Attempt attempt, AttemptSources.Attempt limits, InFlightLedger.Entry entry)
{
    private int _ended;

    /// <value>An object that is disposed together with the stream, or null.</value>
    public IDisposable? Owned { get; set; }

    public IRegionStream Stream => stream;

    public Attempt Attempt => attempt;

    /// <value>Whether the caller has gone, the region is lost, or the deadline has passed.</value>
    public bool IsOver => limits.Token.IsCancellationRequested;

    /// <summary>
    /// Releases everything that the stream holds. Only the first call has an effect. An error of the stream is ignored, because nobody reads on.
    /// </summary>
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
            // The stream leaves this region anyway. The resources are released below, and a move can go on.
        }

        limits.Dispose();
        entry.Dispose();
        Owned?.Dispose();
    }
}
