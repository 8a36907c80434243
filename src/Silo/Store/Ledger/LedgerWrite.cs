using System.Runtime.InteropServices;

namespace Meridian.Silo.Store.Ledger;

/// <summary>
/// A write of the append-only file that is in progress. It works on a copy of the bytes: Garnet appends entries to its buffer at the same time, and the
/// checksums must match the bytes on disk.
/// </summary>
internal sealed unsafe class LedgerWrite : IDisposable
{
    // The largest alignment that a file opened for direct I/O needs.
    private const int Alignment = 4096;

    private readonly int _length;
    private void* _copy;

    public LedgerWrite(IntPtr source, int length, long address, long number)
    {
        (_length, Address, Number) = (length, address, number);
        _copy = NativeMemory.AlignedAlloc((nuint)length, Alignment);
        new ReadOnlySpan<byte>((void*)source, length).CopyTo(new Span<byte>(_copy, length));
    }

    public long Address { get; }

    /// <value>The write's sequence number, in the order in which writes began.</value>
    public long Number { get; }

    public IntPtr Source => (IntPtr)_copy;

    public ReadOnlySpan<byte> Data => new(_copy, _length);

    public void Dispose()
    {
        NativeMemory.AlignedFree(_copy);
        _copy = null;
    }
}
