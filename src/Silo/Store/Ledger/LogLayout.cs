namespace Meridian.Silo.Store.Ledger;

/// <summary>How Garnet cuts its append-only file.</summary>
internal static class LogLayout
{
    /// <summary>Bytes of a page of the append-only file: an entry never crosses from one page into the next.</summary>
    public const int PageBytes = 2 * PageMiB << 20;

    /// <summary>Bytes of one file (<c>aof.log.N</c>) of the append-only file.</summary>
    public const int SegmentBytes = 16 << 20;

    // An entry of the file can hold a whole page of records; Garnet wants its pages at least twice as large, and at least two of them in memory.
    public const int PageMiB = 2;
}
