using System.Runtime.InteropServices;

namespace Meridian.Silo.Store.Ledger;

/// <summary>
/// A write of the append-only file that is under way. It is made from a copy: Garnet adds entries behind the written ones at the same time, and the checksums must be those of the bytes on disk.
/// </summary>
internal sealed unsafe class LedgerWrite : IDisposable
{
    // What files opened for direct access ask for at most.
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

    /// <value>Counts writes in the order in which they were begun.</value>
    public long Number { get; }

    public IntPtr Source => (IntPtr)_copy;

    public ReadOnlySpan<byte> Data => new(_copy, _length);

    public void Dispose()
    {
        NativeMemory.AlignedFree(_copy);
        _copy = null;
    }
}
