using System.Buffers.Binary;

namespace Meridian.Silo.Store.Ledger;

/// <summary>
/// Reads the structure of the append-only file from the bytes that are written to it. An entry is a four-byte length and a body padded to four bytes. A
/// negative length marks a commit; Garnet recovers up to the last commit. A page begins with a header of 64 bytes. An entry never crosses into the next page: a
/// length of zero ends a page.
/// </summary>
internal static class LogEntries
{
    public const int PageHeader = 64;

    private const int Header = 4;

    /// <summary>Walks from a position through all whole entries in a piece of the file.</summary>
    /// <param name="data">The piece.</param>
    /// <param name="start">The address of the piece.</param>
    /// <param name="from">An address where an entry begins or will begin, with the number of writes before it.</param>
    /// <param name="committed">Called with the end of each commit.</param>
    /// <returns>Where the next entry will begin.</returns>
    public static LedgerPoint Walk(ReadOnlySpan<byte> data, long start, LedgerPoint from, Action<LedgerPoint> committed)
    {
        var (address, writes) = from;
        var end = start + data.Length;

        // The page of the position is complete, and the piece begins on the next page.
        if (start > address && start == PageOf(address) + LogLayout.PageBytes)
        {
            address = start;
        }

        while (true)
        {
            var page = PageOf(address);
            address = Math.Max(address, page + PageHeader);
            if (address < start || address + Header > end)
            {
                break;
            }

            var length = BinaryPrimitives.ReadInt32LittleEndian(data[(int)(address - start)..]);
            var next = page + LogLayout.PageBytes;
            if (length == 0)
            {
                if (end <= next)
                {
                    break;
                }

                address = next;
                continue;
            }

            var entryEnd = address + Header + ((Math.Abs((long)length) + 3) & ~3L);
            if (entryEnd > end || entryEnd > next)
            {
                break;
            }

            address = entryEnd;
            if (length < 0)
            {
                committed(new LedgerPoint(address, writes));
            }
            else
            {
                writes++;
            }
        }

        return new LedgerPoint(address, writes);
    }

    private static long PageOf(long address) => address / LogLayout.PageBytes * LogLayout.PageBytes;
}
