using Meridian.Silo.Store.Ledger;
using Tsavorite.core;

namespace Meridian.Silo.Store.Disk;

/// <summary>
/// One of Garnet's files. A write that fails is held and retried until it succeeds, so Garnet never sees the failure (<see cref="StoreDisk"/>).
/// A write of the append-only file completes only when the ledger also has it (<see cref="StoreLedger"/>), because Garnet acknowledges a write on completion.
/// </summary>
internal sealed class StoreDevice(IDevice file, StoreDisk disk, StoreLedger? ledger) : StorageDeviceBase(file.FileName, file.SectorSize, file.Capacity)
{
    public override void Initialize(long segmentSize, LightEpoch? epoch = null, bool omitSegmentIdFromFilename = false)
    {
        base.Initialize(segmentSize, epoch, omitSegmentIdFromFilename);
        file.Initialize(segmentSize, epoch, omitSegmentIdFromFilename);
    }

    public override void WriteAsync(IntPtr sourceAddress, int segmentId, ulong destinationAddress, uint numBytesToWrite, DeviceIOCompletionCallback callback, object context)
    {
        var noted = ledger?.Submit(sourceAddress, (int)numBytesToWrite, Address(segmentId, destinationAddress));
        Write(new Pending(noted?.Source ?? sourceAddress, segmentId, destinationAddress, numBytesToWrite, callback, context, noted));
    }

    public override void ReadAsync(int segmentId, ulong sourceAddress, IntPtr destinationAddress, uint readLength, DeviceIOCompletionCallback callback, object context) =>
        file.ReadAsync(segmentId, sourceAddress, destinationAddress, readLength, callback, context);

    public override bool Throttle() => file.Throttle();

    public override bool TryComplete() => file.TryComplete();

    public override void TruncateUntilAddressAsync(long toAddress, AsyncCallback callback, IAsyncResult result)
    {
        NoteCheckpoint(toAddress);
        base.TruncateUntilAddressAsync(toAddress, callback, result);
    }

    public override void TruncateUntilAddress(long toAddress)
    {
        NoteCheckpoint(toAddress);
        base.TruncateUntilAddress(toAddress);
    }

    public override void RemoveSegment(int segment)
    {
        // The ledger goes first: checksums without their file would look like a file that somebody deleted.
        ledger?.Remove(segment);
        file.RemoveSegment(segment);
    }

    public override void RemoveSegmentAsync(int segment, AsyncCallback callback, IAsyncResult result)
    {
        ledger?.Remove(segment);
        file.RemoveSegmentAsync(segment, callback, result);
    }

    public override long GetFileSize(int segment) => file.GetFileSize(segment);

    public override void Reset() => file.Reset();

    public override void Dispose() => file.Dispose();

    /// <summary>
    /// Called when the append-only file loses its beginning. A checkpoint holds the removed part, so the append-only file alone is no longer the whole store.
    /// </summary>
    private void NoteCheckpoint(long begin)
    {
        if (ledger is null || begin <= LogEntries.PageHeader)
        {
            return;
        }

        try
        {
            ledger.NoteCheckpoint();
        }
        catch (IOException e)
        {
            // The only consequence: if somebody deletes the checkpoint later, the next start does not notice. The next truncation notes the checkpoint again.
            disk.Failed(StoreDisk.Code(e), e);
        }
    }

    private long Address(int segment, ulong offset) => (segmentSizeBits < 64 ? (long)segment << segmentSizeBits : 0) + (long)offset;

    private void Write(Pending write) => file.WriteAsync(write.Source, write.Segment, write.Offset, write.Bytes, Written, write);

    private void Written(uint errorCode, uint numBytes, object context, Exception? ioException)
    {
        var write = (Pending)context;
        if (errorCode == 0 && write.Noted is not null)
        {
            try
            {
                ledger!.Complete(write.Noted);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or ObjectDisposedException)
            {
                (errorCode, numBytes, ioException) = (Math.Max(StoreDisk.Code(e), 1), 0, e);
            }
        }

        if (errorCode != 0 && !disk.IsClosing)
        {
            disk.Failed(errorCode, ioException);
            _ = AgainAsync(write);
            return;
        }

        write.Noted?.Dispose();
        write.Callback(errorCode, numBytes, write.Context, ioException);
    }

    private async Task AgainAsync(Pending write)
    {
        await disk.HoldAsync();
        Write(write);
    }

    /// <summary>A write that Garnet waits for. Its source stays valid until the callback.</summary>
    private sealed record Pending(
        IntPtr Source, int Segment, ulong Offset, uint Bytes, DeviceIOCompletionCallback Callback, object Context, LedgerWrite? Noted);
}
