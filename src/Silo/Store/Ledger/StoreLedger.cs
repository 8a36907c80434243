namespace Meridian.Silo.Store.Ledger;

/// <summary>
/// A second record of what the store acknowledged, kept beside its append-only file. Garnet has no checksums there and takes the place where it can read no further for the end; after a start
/// the ledger tells whether what it read is what was acknowledged (<see cref="LedgerCheck"/>).
/// </summary>
/// <remarks>
/// <list type="bullet">
/// <item>Order of a write: the file, its checksums, the state with the number of writes, and only then Garnet hears that it is done and acknowledges. All three are flushed.</item>
/// <item>The process ends in between: the file may have more than the state says, never less. The next start gives what it finds beyond the state its checksums.</item>
/// <item>Bytes before a commit never change. A later write repeats those of the sector it begins in, as they were. So the checksum of every whole granule before the last commit holds, and the
/// last, unfinished one has its own in the state.</item>
/// <item>Several writes under way: a commit is acknowledged when its write and all that were begun before it are done.</item>
/// <item>A store of a release without ledger is taken as it is; its ledger begins where it ends.</item>
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

    /// <param name="directory">Where the ledger lies; made when something is written.</param>
    public StoreLedger(string directory)
    {
        _files = new LedgerFiles(directory);
        Found = _files.Read(out _);
        _state = Found ?? new LedgerState { Number = 0, Points = [], Rest = 0, HasCheckpoint = false };
    }

    /// <value>What the ledger said when it was opened; null where there was none.</value>
    public LedgerState? Found { get; }

    /// <summary>Says where the file ends after recovery.</summary>
    public void Follow(Func<long> committedUntil) => _committedUntil = committedUntil;

    /// <summary>Where the file ended after recovery. Right also after writes have begun.</summary>
    public long Recovered()
    {
        lock (_gate)
        {
            Begin();
            return _begun.Address;
        }
    }

    /// <summary>Writes down that what recovery found is what is acknowledged from here on. A file without checksums gets them.</summary>
    /// <param name="log">Files of the append-only file by their number.</param>
    /// <param name="anew">Whether all of it gets checksums as it is: damage in it has been told, and is not to be found again.</param>
    public void Accept(Func<int, string> log, bool anew = false)
    {
        lock (_gate)
        {
            Begin();

            // The process may have ended after the file had a write and before the ledger had it: recovery finds more than was acknowledged.
            Adopt(log, anew ? 0 : Found?.Acknowledged.Address ?? 0);
            Keep(anew ? _state with { Rest = 0 } : _state);
        }
    }

    /// <summary>Notes that the append-only file alone is not the whole store any more.</summary>
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

    /// <summary>Notes a write that begins.</summary>
    public LedgerWrite Submit(IntPtr source, int length, long address)
    {
        lock (_gate)
        {
            Begin();
            var write = new LedgerWrite(source, length, address, ++_writes);
            _open.Add(write.Number);
            if (address > _position!.Value.Address && !IsNextPage(address))
            {
                // A later page before an earlier one.
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

    /// <summary>Puts a write that the file has into the ledger. May be repeated after it failed.</summary>
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

    /// <summary>A file of the append-only file is about to be removed: a checkpoint has what it held.</summary>
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

    /// <summary>Gives checksums to what recovery found behind an address. Granules before the end never change: it does not matter that writes have begun behind them.</summary>
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
        // A span cannot be captured: the ends first, then what the unfinished granules hold.
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
