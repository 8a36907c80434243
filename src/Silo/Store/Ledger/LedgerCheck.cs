using System.Globalization;
using Meridian.Grains.Storage;
using Meridian.Silo.Store.Disk;

namespace Meridian.Silo.Store.Ledger;

/// <summary>Compares the store's files with its ledger before Garnet reads them: Garnet itself would take damage for the end, or not see it.</summary>
internal static class LedgerCheck
{
    // Garnet's own names.
    private const string LogDirectory = "AOF";
    private static readonly string Checkpoints = Path.Combine("Store", "checkpoints");

    /// <param name="directory">The store's directory.</param>
    /// <param name="ledger">The ledger's directory.</param>
    public static StoreDamage Check(string directory, string ledger)
    {
        using var files = new LedgerFiles(ledger);
        var state = files.Read(out var damaged);
        if (state is null)
        {
            return damaged ? StoreDamage.None with { Ledger = $"The ledger in '{ledger}' cannot be read: damage of the store before this start cannot be told." } : StoreDamage.None;
        }

        if (state.HasCheckpoint && !HasCheckpoint(directory))
        {
            return StoreDamage.None with { Fatal = $"a checkpoint was taken there, but '{Path.Combine(directory, Checkpoints)}' holds none" };
        }

        var last = state.Acknowledged.Address;
        var tail = state.Points.Count > 1 ? state.Points[^2].Address : LogEntries.PageHeader;
        var damage = StoreDamage.None;
        foreach (var segment in files.Segments())
        {
            var start = (long)segment * GarnetSettings.LogSegmentBytes;
            var length = Math.Min(last - start, GarnetSettings.LogSegmentBytes);
            if (length <= 0)
            {
                continue;
            }

            var file = Path.Combine(directory, LogDirectory, string.Create(CultureInfo.InvariantCulture, $"{StoreDevices.LogName}.{segment}"));
            if (!File.Exists(file))
            {
                return damage with { Fatal = $"'{file}' is missing" };
            }

            var data = File.ReadAllBytes(file);
            if (data.Length < length)
            {
                return damage with { Fatal = $"'{file}' has {data.Length} bytes; {length} were written" };
            }

            foreach (var granule in Mismatches(data.AsSpan(0, (int)length), files.ReadSums(segment), start + length == last ? state.Rest : 0))
            {
                if (start + granule >= tail)
                {
                    damage = damage with { Tail = true };
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

    /// <returns>Offsets of the granules that are not what was written.</returns>
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
