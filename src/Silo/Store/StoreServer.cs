using Garnet;
using Garnet.server;

namespace Meridian.Silo.Store;

/// <summary>Garnet in this process. Also shows how far its append-only file is on disk.</summary>
internal sealed class StoreServer(GarnetServerOptions options, ILoggerFactory loggers) : GarnetServer(options, loggers)
{
    /// <value>The address up to which the append-only file is acknowledged. Right after recovery, this is the end of the recovered part.</value>
    public long CommittedUntil => storeWrapper.appendOnlyFile.Log.SingleLog.CommittedUntilAddress;
}
