using Garnet;
using Garnet.server;

namespace Meridian.Silo.Store;

/// <summary>Garnet in this process, with a view of how far its append-only file is on disk.</summary>
internal sealed class StoreServer(GarnetServerOptions options, ILoggerFactory loggers) : GarnetServer(options, loggers)
{
    /// <value>Address up to which the append-only file is acknowledged; right after recovery, what was found.</value>
    public long CommittedUntil => storeWrapper.appendOnlyFile.Log.SingleLog.CommittedUntilAddress;
}
