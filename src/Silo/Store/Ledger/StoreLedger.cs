namespace Meridian.Silo.Store.Ledger;

/// <summary>
/// A second record of all acknowledged writes, kept beside Garnet's append-only file. Problem: that file has no checksums, and Garnet takes the first place
/// that it cannot read for the end of the file. The ledger tells after a start whether recovery read all acknowledged bytes (<see cref="LedgerCheck"/>).
/// </summary>
/// <remarks>
/// <list type="bullet">
/// <item>A write goes to the file, then its checksums are written, then the state with the number of writes. All three are flushed.
/// Only then does Garnet learn that the write is done and acknowledge it.</item>
/// <item>If the process ends in between, the file may hold more than the state says, never less. The next start adds checksums for the bytes beyond the
/// state.</item>
/// <item>Bytes before a commit never change. A later write repeats the bytes of the sector in which it begins, unchanged. So the checksum of each whole granule
/// before the last commit stays valid. The last granule, if it is not full, has its own checksum in the state.</item>
/// <item>When several writes are in progress, a commit is acknowledged after its own write and all writes that began earlier are done.</item>
/// <item>A store from a release without a ledger is accepted as it is. Its ledger begins where its file ends.</item>
/// </list>
/// </remarks>
internal sealed class StoreLedger : IDisposable
{
    private readonly LedgerFiles _files;
    private readonly Lock _gate = new();
    private readonly SortedSet<long> _open = [];
    private readonly Queue<(long Write, LedgerPoint Point, uint Unfinished)> _commits = [];
    private readonly List<(long Start, byte[] Data, long Write)> _ahead = [];
    private LedgerState _state;
    private LedgerPoint? _position;
    private Func<long> _committedUntil = static () => LogEntries.PageHeader;
    private LedgerPoint _begun;
    private long _writes;

    /// <param name="directory">The ledger's directory, created at the first write.</param>
    public StoreLedger(string directory)
    {
        _files = new LedgerFiles(directory);
        Found = _files.Read(out _);
        _state = Found ?? new LedgerState { Number = 0, Points = [], Rest = 0, HasCheckpoint = false };
    }

    /// <value>The ledger's state when it was opened; null if there was none.</value>
    public LedgerState? Found { get; }

    /// <summary>Sets the function that returns Garnet's committed address. Right after recovery, this is the end of the file.</summary>
    public void Follow(Func<long> committedUntil) => _committedUntil = committedUntil;

    /// <summary>The address where the file ended after recovery. Also correct after new writes have begun.</summary>
    public long Recovered()
    {
        lock (_gate)
        {
            Begin();
            return _begun.Address;
        }
    }

    /// <summary>Records that the recovered bytes are the acknowledged ones from now on. Bytes without checksums get them.</summary>
    /// <param name="log">Maps the number of a segment to its file.</param>
    /// <param name="anew">Whether the whole file gets new checksums: its damage has been reported and must not be found again.</param>
    public void Accept(Func<int, string> log, bool anew = false)
    {
        lock (_gate)
        {
            Begin();

            // The process may have ended when the file had a write but the ledger did not. Then recovery finds more than was acknowledged.
            Adopt(log, anew ? 0 : Found?.Acknowledged.Address ?? 0);
            Keep(anew ? _state with { Rest = 0 } : _state);
        }
    }

    /// <summary>Records that the append-only file alone is no longer the whole store.</summary>
    public void NoteCheckpoint()
    {
        lock (_gate)
        {
            if (!_state.HasCheckpoint)
            {
                Keep(_state with { HasCheckpoint = true });
            }
        }
    }

    /// <summary>Registers a write that begins. The caller disposes of the result.</summary>
    public LedgerWrite Submit(IntPtr source, int length, long address)
    {
        lock (_gate)
        {
            Begin();
            var write = new LedgerWrite(source, length, address, ++_writes);
            _open.Add(write.Number);
            if (address > _position!.Value.Address && !IsNextPage(address))
            {
                // A write to a later page came before the write to an earlier page.
                _ahead.Add((address, write.Data.ToArray(), write.Number));
                return write;
            }

            Walk(write.Data, address, write.Number);
            while (_ahead.FindIndex(piece => piece.Start <= _position.Value.Address || IsNextPage(piece.Start)) is var index and >= 0)
            {
                var piece = _ahead[index];
                _ahead.RemoveAt(index);
                Walk(piece.Data, piece.Start, Math.Max(piece.Write, write.Number));
            }

            return write;
        }
    }

    /// <summary>Adds a write to the ledger after the file has it. May be called again if it failed.</summary>
    /// <exception cref="IOException">The ledger could not be written.</exception>
    public void Complete(LedgerWrite write)
    {
        lock (_gate)
        {
            var segment = (int)(write.Address / LogLayout.SegmentBytes);
            _files.WriteSums(segment, write.Address % LogLayout.SegmentBytes, write.Data);
            var earliest = _open.Min == write.Number ? _open.Skip(1).FirstOrDefault(long.MaxValue) : _open.Min;
            List<LedgerPoint>? points = null;
            var rest = 0u;
            foreach (var (begun, point, itsRest) in _commits)
            {
                if (begun >= earliest)
                {
                    break;
                }

                (points ??= [.. _state.Points]).Add(point);
                rest = itsRest;
            }

            if (points is not null)
            {
                var taken = points.Count - _state.Points.Count;
                Keep(_state with { Points = [.. points.TakeLast(LedgerState.MostPoints)], Rest = rest });
                for (var i = 0; i < taken; i++)
                {
                    _commits.Dequeue();
                }
            }

            _open.Remove(write.Number);
        }
    }

    /// <summary>Removes the checksums of a file that is about to be removed: a checkpoint now holds that file's content.</summary>
    public void Remove(int segment)
    {
        lock (_gate)
        {
            _files.Remove(segment);
        }
    }

    public void Dispose() => _files.Dispose();

    private void Begin()
    {
        if (_position is not null)
        {
            return;
        }

        var address = Math.Max(_committedUntil(), LogEntries.PageHeader);
        var known = _state.Points.LastOrDefault(point => point.Address <= address);
        _begun = new LedgerPoint(address, known.Writes);
        _position = _begun;
        if (_state.Acknowledged.Address != address)
        {
            _state = _state with { Points = [.. _state.Points.Where(point => point.Address < address), _begun], Rest = 0 };
        }
    }

    /// <summary>
    /// Writes checksums for the recovered bytes behind an address. Whole granules before the recovered end never change, so new writes behind that end do not
    /// matter.
    /// </summary>
    private void Adopt(Func<int, string> log, long from)
    {
        for (var segment = (int)((_begun.Address - 1) / LogLayout.SegmentBytes); segment >= from / LogLayout.SegmentBytes && File.Exists(log(segment)); segment--)
        {
            var start = (long)segment * LogLayout.SegmentBytes;
            using var file = new FileStream(log(segment), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var first = Math.Max(from - start, 0) / LedgerFiles.Granule * LedgerFiles.Granule;
            var end = Math.Min(file.Length, _begun.Address - start) / LedgerFiles.Granule * LedgerFiles.Granule;
            if (end <= first)
            {
                continue;
            }

            var data = new byte[end - first];
            file.Position = first;
            file.ReadExactly(data);
            _files.WriteSums(segment, first, data);
        }
    }

    private bool IsNextPage(long address)
    {
        var position = _position!.Value.Address;
        return address % LogLayout.PageBytes == 0 && address - position is > 0 and <= LogLayout.PageBytes;
    }

    private void Walk(ReadOnlySpan<byte> data, long start, long write)
    {
        // A lambda cannot capture a span. So collect the ends first, then compute the checksums of the unfinished granules.
        var ends = new List<LedgerPoint>();
        _position = LogEntries.Walk(data, start, _position!.Value, ends.Add);
        foreach (var end in ends)
        {
            var granule = end.Address / LedgerFiles.Granule * LedgerFiles.Granule;
            _commits.Enqueue((write, end, LedgerFiles.SumOf(data[(int)(granule - start)..(int)(end.Address - start)])));
        }
    }

    private void Keep(LedgerState next)
    {
        next = next with { Number = _state.Number + 1 };
        _files.Write(next);
        _state = next;
    }
}
