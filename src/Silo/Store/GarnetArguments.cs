using System.Globalization;
using Meridian.Silo.Configuration;

namespace Meridian.Silo.Store;

/// <summary>
/// How the embedded Garnet runs. A write is acknowledged when the append-only file has it (<c>--aof --aof-commit-wait</c>), so kill -9 loses nothing that a caller was told of.
/// When that file reaches its limit a checkpoint is taken and the file starts anew (<c>--aof-size-limit</c>): disk and restart time stay bounded however long a
/// region runs. Records beyond the memory limit spill to disk (<c>--storage-tier</c>) rather than being dropped; dead ones are compacted away at a checkpoint.
/// </summary>
public static class GarnetArguments
{
    /// <param name="directory">Where checkpoints, append-only file and spilled records go.</param>
    /// <param name="port">Port on 127.0.0.1.</param>
    /// <param name="store">Memory and size limits.</param>
    public static string[] For(string directory, int port, StoreOptions store)
    {
        // An entry of the file can hold a whole page of records; Garnet wants its pages at least twice as large, and at least two of them in memory.
        const int PageMiB = 2;
        return
        [
            "--bind", "127.0.0.1",
            "--port", Text(port),
            "--logdir", directory,
            "--checkpointdir", directory,
            "--lua",
            "--aof",
            "--recover",
            "--fail-on-recovery-error",
            "--aof-commit-wait",
            "--device-type", "RandomAccess",
            "--storage-tier",
            "--memory", $"{Text(store.MemoryMiB)}m",
            "--page", $"{PageMiB}m",
            "--segment", "64m",
            "--index", "4m",
            "--aof-memory", "32m",
            "--aof-page-size", $"{2 * PageMiB}m",
            "--aof-segment-size", "16m",
            "--aof-size-limit", $"{Text(store.LogLimitMiB)}m",
            "--compaction-type", "Lookup",
            "--compaction-max-segments", "4",
            "--max-databases", "1",
            "--buffer-pool-memory-budget", "64m",
            "-q",
        ];
    }

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);
}
