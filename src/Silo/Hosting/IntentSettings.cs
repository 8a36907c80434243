using Meridian.Federation.Configuration;
using Meridian.Silo.Configuration;

namespace Meridian.Silo.Hosting;

/// <summary>Hands the installation's settings to the intent log.</summary>
internal static class IntentSettings
{
    /// <param name="target">What to fill.</param>
    /// <param name="options">The process's settings.</param>
    /// <param name="own">The process's region.</param>
    public static void Fill(IntentLogOptions target, MeridianOptions options, RegionPlan own)
    {
        var intent = options.Intent;
        target.Kind = intent.Kind == IntentKind.Etcd ? IntentLogKind.Etcd : IntentLogKind.Raft;
        target.Self = own.Name;
        target.Directory = Path.Combine(own.Data, "intent");
        target.Voters =
        [
            .. RegionPlan.All(options).Select(region => new IntentVoterOptions { Name = region.Name, Consensus = region.Consensus, Protocol = Plain(region.Control) }),
            .. intent.Witnesses.Select(witness => new IntentVoterOptions { Name = witness.Name, Consensus = witness.Consensus, Protocol = Plain(witness.Control!), Witness = true }),
        ];
        target.Listen = options.Process.ConsensusListen;
        target.Reconcile = intent.Reconcile;
        target.LowerElectionTimeoutMs = intent.LowerElectionTimeoutMs;
        target.UpperElectionTimeoutMs = intent.UpperElectionTimeoutMs;
        target.SnapshotEvery = intent.SnapshotEvery;
        target.EtcdEndpoints = [.. (intent.EtcdEndpoints ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)];
        target.EtcdPrefix = intent.EtcdPrefix;
    }

    private static string Plain(Uri address) => address.GetLeftPart(UriPartial.Authority);
}
