using System.Globalization;
using System.Net;
using Garnet.server;
using Garnet.server.Auth.Settings;
using Meridian.Silo.Configuration;
using Meridian.Silo.Store.Ledger;
using Tsavorite.core;

namespace Meridian.Silo.Store;

/// <summary>
/// How the embedded Garnet runs. A write is acknowledged when the append-only file has it (<c>WaitForCommit</c>), so kill -9 loses nothing that a caller was told of.
/// When that file reaches its limit a checkpoint is taken and the file starts anew (<c>AofSizeLimit</c>): disk and restart time stay bounded however long a
/// region runs. Records beyond the memory limit spill to disk (<c>EnableStorageTier</c>) rather than being dropped; dead ones are compacted away at a checkpoint.
/// </summary>
internal static class GarnetSettings
{
    /// <param name="directory">Where checkpoints, append-only file and spilled records go.</param>
    /// <param name="port">Port on 127.0.0.1.</param>
    /// <param name="password">What a connection must give first.</param>
    /// <param name="store">Memory and size limits.</param>
    /// <param name="devices">What the files are written through.</param>
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
