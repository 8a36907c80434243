using System.Globalization;
using Meridian.Grains.Storage;
using Meridian.Silo.Store.Disk;

namespace Meridian.Silo.Store.Ledger;

/// <summary>
/// Compares the store's files with its ledger before Garnet reads them. Garnet itself would take damage for the end of the file, or would not notice it.
/// </summary>
internal static class LedgerCheck
{
    /// <summary>Garnet's name for the folder of the append-only file.</summary>
    public const string LogDirectory = "AOF";

    private static readonly string Checkpoints = Path.Combine("Store", "checkpoints");

    /// <param name="directory">The store's directory.</param>
    /// <param name="ledger">The ledger's directory.</param>
    public static StoreDamage Check(string directory, string ledger)
    {
        using var files = new LedgerFiles(ledger);
        var state = files.Read(out var damaged);
        if (state is null)
        {
            return new StoreDamage { Ledger = damaged ? $"The store's ledger in '{ledger}' could not be read: whether the store lost anything before this start is not known." : null };
        }

        var damage = new StoreDamage { State = state };
        if (state.HasCheckpoint && !HasCheckpoint(directory))
        {
            return damage with { Incomplete = true, Fatal = $"a checkpoint was taken there, but '{Path.Combine(directory, Checkpoints)}' holds none" };
        }

        var last = state.Acknowledged.Address;
        if (state.Points.Count == 0)
        {
            return damage;
        }

        var tail = TailOf(state);
        foreach (var segment in files.Segments())
        {
            var start = (long)segment * LogLayout.SegmentBytes;
            var length = Math.Min(last - start, LogLayout.SegmentBytes);
            if (length <= 0)
            {
                continue;
            }

            var file = LogOf(directory)(segment);
            if (!File.Exists(file))
            {
                return damage with { Incomplete = true, Fatal = $"'{file}' is missing" };
            }

            var data = File.ReadAllBytes(file);
            if (data.Length < length)
            {
                return damage with { Incomplete = segment < files.Segments()[^1], Fatal = $"'{file}' has {data.Length} bytes; {length} were written" };
            }

            foreach (var granule in Mismatches(data.AsSpan(0, (int)length), files.ReadSums(segment), start + length == last ? state.Rest : 0))
            {
                if (start + granule + LedgerFiles.Granule > tail)
                {
                    damage = damage with { Tail = damage.Tail ?? Place(file, granule) };
                }
                else if (StoredRecordSeal.Covers(data, granule, Math.Min(LedgerFiles.Granule, (int)length - granule)))
                {
                    damage = damage with { Records = damage.Records ?? Place(file, granule) };
                }
                else
                {
                    return damage with { Fatal = $"{Place(file, granule)}, before its end" };
                }
            }
        }

        return damage;
    }

    /// <summary>Maps the number of a segment to its file in the append-only folder.</summary>
    public static Func<int, string> LogOf(string directory) =>
        segment => Path.Combine(directory, LogDirectory, string.Create(CultureInfo.InvariantCulture, $"{StoreDevices.LogName}.{segment}"));

    /// <summary>The address where the last write begins. Commits without a write may follow it, since most commits hold no write.</summary>
    private static long TailOf(LedgerState state)
    {
        var before = state.Points.LastOrDefault(point => point.Writes < state.Acknowledged.Writes);
        return before.Address > 0 ? before.Address : state.Points[0].Address;
    }

    /// <returns>Offsets of the granules whose bytes differ from the written ones.</returns>
    private static List<int> Mismatches(ReadOnlySpan<byte> data, uint[] sums, uint rest)
    {
        List<int> found = [];
        for (var at = 0; at < data.Length; at += LedgerFiles.Granule)
        {
            var whole = at + LedgerFiles.Granule <= data.Length;
            var index = at / LedgerFiles.Granule;
            var expected = whole ? index < sums.Length ? sums[index] : 0 : rest;
            if (expected != 0 && expected != LedgerFiles.SumOf(data[at..Math.Min(at + LedgerFiles.Granule, data.Length)]))
            {
                found.Add(at);
            }
        }

        return found;
    }

    private static bool HasCheckpoint(string directory)
    {
        var checkpoints = Path.Combine(directory, Checkpoints);
        return Directory.Exists(checkpoints) && Directory.EnumerateFiles(checkpoints, "info.dat*", SearchOption.AllDirectories).Any();
    }

    private static string Place(string file, int offset) => string.Create(CultureInfo.InvariantCulture, $"'{file}' is not what was written there at byte {offset}");
}
