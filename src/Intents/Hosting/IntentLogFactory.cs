using Meridian.Intents.Etcd;
using Meridian.Intents.Options;
using Meridian.Intents.Raft;
using Meridian.Intents.Supervision;
using Meridian.Intents.Wire;
using Microsoft.Extensions.Logging;

namespace Meridian.Intents.Hosting;

/// <summary>Creates the intent log that the options select.</summary>
public static class IntentLogFactory
{
    /// <param name="options">Must be valid (<see cref="IntentLogOptionsValidator"/>).</param>
    /// <param name="wire">Limits of the connections to other members.</param>
    /// <param name="time">Paces polling and retries.</param>
    /// <param name="loggerFactory">For the log and the consensus library below it.</param>
    /// <param name="supervisor">Runs the log's loops.</param>
    /// <param name="rule">An additional check of every change before it is proposed.</param>
    /// <exception cref="NotSupportedException">This build has no log of the selected kind.</exception>
    public static IIntentLog Create(IntentLogOptions options, WireOptions wire, TimeProvider time, ILoggerFactory loggerFactory, ChangeRule rule, LoopSupervisor supervisor)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(loggerFactory);
        return options.Kind switch
        {
            IntentLogKind.Raft => new RaftIntentLog(options, wire, time, loggerFactory, rule, supervisor),
            IntentLogKind.Etcd => new EtcdIntentLog(options, time, loggerFactory.CreateLogger<EtcdIntentLog>(), rule, supervisor),
            _ => throw new NotSupportedException($"This build keeps no intent log of kind {options.Kind}; set IntentLog: Kind to Raft or Etcd."),
        };
    }
}
