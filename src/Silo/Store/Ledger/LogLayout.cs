namespace Meridian.Silo.Store.Ledger;

/// <summary>The sizes into which Garnet divides its append-only file.</summary>
internal static class LogLayout
{
    /// <summary>The size of one page of the append-only file, in bytes. An entry never crosses from one page into the next.</summary>
    public const int PageBytes = 2 * PageMiB << 20;

    /// <summary>The size of one file (<c>aof.log.N</c>) of the append-only file, in bytes.</summary>
    public const int SegmentBytes = 16 << 20;

    // The page size of Garnet's record memory. One entry of the append-only file can hold a whole page of records. Garnet therefore requires pages of the
    // append-only file to be at least twice as large, and at least two of them in memory.
    public const int PageMiB = 2;
}
