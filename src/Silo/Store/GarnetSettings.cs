using System.Globalization;
using System.Net;
using Garnet.server;
using Garnet.server.Auth.Settings;
using Meridian.Silo.Configuration;
using Meridian.Silo.Store.Ledger;
using Tsavorite.core;

namespace Meridian.Silo.Store;

/// <summary>
/// The settings of the embedded Garnet. <c>WaitForCommit</c>: a write is acknowledged only when the append-only file has it, so kill -9 loses no acknowledged
/// write.
/// <c>AofSizeLimit</c>: when the append-only file reaches its limit, Garnet takes a checkpoint and starts the file anew, so disk use and restart time stay
/// bounded however long a region runs. <c>EnableStorageTier</c>: records beyond the memory limit spill to disk and are not dropped; a checkpoint compacts dead
/// records away.
/// </summary>
internal static class GarnetSettings
{
    /// <param name="directory">Holds checkpoints, the append-only file and spilled records.</param>
    /// <param name="port">Port on 127.0.0.1.</param>
    /// <param name="password">Every connection must authenticate with it.</param>
    /// <param name="store">Memory and size limits.</param>
    /// <param name="devices">Creates the devices that write the files.</param>
    public static GarnetServerOptions For(string directory, int port, string password, StoreOptions store, INamedDeviceFactoryCreator devices) => new(logger: null)
    {
        EndPoints = [new IPEndPoint(IPAddress.Loopback, port)],
        AuthSettings = new PasswordAuthenticationSettings(password),
        LogDir = directory,
        CheckpointDir = directory,
        DeviceFactoryCreator = devices,
        DeviceType = DeviceType.RandomAccess,
        EnableLua = true,
        LuaOptions = new LuaOptions(LuaMemoryManagementMode.Native, "", Timeout.InfiniteTimeSpan, LuaLoggingMode.Enable, []),
        EnableAOF = true,
        Recover = true,
        FailOnRecoveryError = true,
        WaitForCommit = true,
        EnableStorageTier = true,
        LogMemorySize = MiB(store.MemoryMiB),
        PageSize = MiB(LogLayout.PageMiB),
        SegmentSize = MiB(64),
        IndexMemorySize = MiB(4),
        AofMemorySize = MiB(32),
        AofPageSize = MiB(LogLayout.PageBytes >> 20),
        AofSegmentSize = MiB(LogLayout.SegmentBytes >> 20),
        AofSizeLimit = MiB(store.LogLimitMiB),
        CompactionType = LogCompactionType.Lookup,
        CompactionMaxSegments = 4,
        MaxDatabases = 1,
        BufferPoolMemoryBudget = MiB(64),
        FastCommitThrottleFreq = 1000,
        QuietMode = true,
    };

    private static string MiB(int value) => string.Create(CultureInfo.InvariantCulture, $"{value}m");
}
