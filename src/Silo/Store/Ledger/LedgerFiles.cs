using System.Buffers.Binary;
using System.Globalization;
using System.IO.Hashing;
using Microsoft.Win32.SafeHandles;

namespace Meridian.Silo.Store.Ledger;

/// <summary>
/// The ledger's files. <c>state</c> holds two states that are written in turn, so one of them is whole whenever the process ends. Each file <c>aof.log.N</c>
/// has a companion <c>sums.N</c> with one checksum for every 32 bytes.
/// </summary>
internal sealed class LedgerFiles(string directory) : IDisposable
{
    /// <summary>The number of bytes that one checksum covers.</summary>
    public const int Granule = 32;

    private const int SumBytes = 4;

    private readonly Dictionary<int, SafeFileHandle> _sums = [];
    private SafeFileHandle? _state;

    private string StateFile => Path.Combine(directory, "state");

    /// <summary>Reads the newest valid state; null if there is none.</summary>
    /// <param name="damaged">Whether the file holds states but none of them is readable.</param>
    public LedgerState? Read(out bool damaged)
    {
        damaged = false;
        if (!File.Exists(StateFile))
        {
            return null;
        }

        var bytes = File.ReadAllBytes(StateFile);
        LedgerState? newest = null;
        for (var at = 0; at + LedgerState.Size <= bytes.Length; at += LedgerState.Size)
        {
            if (LedgerState.FromBytes(bytes.AsSpan(at)) is { } state && (newest is null || state.Number > newest.Number))
            {
                newest = state;
            }
        }

        damaged = newest is null && bytes.Length > 0;
        return newest;
    }

    /// <summary>Writes a state. It is flushed to disk when the method returns.</summary>
    public void Write(LedgerState state)
    {
        _state ??= Open(StateFile);
        RandomAccess.Write(_state, state.ToBytes(), state.Number % 2 * LedgerState.Size);
    }

    /// <summary>Writes the checksums for a piece of one file of the append-only file.</summary>
    /// <param name="segment">The number of the file.</param>
    /// <param name="offset">Where the piece begins in that file. This offset and the length of the piece are multiples of <see cref="Granule"/>.</param>
    /// <param name="data">The bytes of the piece.</param>
    public void WriteSums(int segment, long offset, ReadOnlySpan<byte> data)
    {
        var sums = new byte[data.Length / Granule * SumBytes];
        for (var i = 0; i < data.Length / Granule; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(sums.AsSpan(i * SumBytes), SumOf(data.Slice(i * Granule, Granule)));
        }

        if (!_sums.TryGetValue(segment, out var file))
        {
            _sums.Add(segment, file = Open(SumsFile(segment)));
        }

        RandomAccess.Write(file, sums, offset / Granule * SumBytes);
    }

    /// <summary>Numbers of the files that have checksums, in ascending order.</summary>
    public int[] Segments() => Directory.Exists(directory)
        ? [.. Directory.EnumerateFiles(directory, "sums.*").Select(file => int.Parse(Path.GetExtension(file)[1..], CultureInfo.InvariantCulture)).Order()]
        : [];

    /// <summary>The checksums of a file, in order; zero means that no checksum was written.</summary>
    public uint[] ReadSums(int segment)
    {
        var bytes = File.ReadAllBytes(SumsFile(segment));
        var sums = new uint[bytes.Length / SumBytes];
        for (var i = 0; i < sums.Length; i++)
        {
            sums[i] = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(i * SumBytes));
        }

        return sums;
    }

    public void Remove(int segment)
    {
        if (_sums.Remove(segment, out var file))
        {
            file.Dispose();
        }

        File.Delete(SumsFile(segment));
    }

    /// <summary>The checksum of a granule. It is never zero, because zero means "no checksum".</summary>
    public static uint SumOf(ReadOnlySpan<byte> data) => Math.Max(Crc32.HashToUInt32(data), 1);

    public void Dispose()
    {
        _state?.Dispose();
        foreach (var file in _sums.Values)
        {
            file.Dispose();
        }
    }

    private string SumsFile(int segment) => Path.Combine(directory, string.Create(CultureInfo.InvariantCulture, $"sums.{segment}"));

    private SafeFileHandle Open(string file)
    {
        Directory.CreateDirectory(directory);
        return File.OpenHandle(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite, FileOptions.WriteThrough);
    }
}
