using Meridian.Intents;
using Meridian.Intents.Options;
using Meridian.Silo.Configuration;

namespace Meridian.Silo.Settings;

/// <summary>Copies the installation's settings to the options of the intent log.</summary>
internal static class IntentSettings
{
    /// <param name="target">The options to fill.</param>
    /// <param name="options">The process's settings.</param>
    /// <param name="own">The process's region.</param>
    public static void Fill(IntentLogOptions target, MeridianOptions options, RegionPlan own) => Fill(target, options, own.Name, DirectoryOf(own));

    /// <param name="target">The options to fill.</param>
    /// <param name="options">The process's settings.</param>
    /// <param name="own">The witness that this process is.</param>
    public static void Fill(IntentLogOptions target, MeridianOptions options, WitnessEntry own) =>
        Fill(target, options, own.Name, DirectoryIn(Path.Combine(Path.GetFullPath(options.Data), own.Name)));

    private static void Fill(IntentLogOptions target, MeridianOptions options, string self, string directory)
    {
        var intent = options.Intent;
        target.Kind = intent.Kind == IntentKind.Etcd ? IntentLogKind.Etcd : IntentLogKind.Raft;
        target.Self = self;
        target.Directory = directory;
        target.Voters = [.. VotersOf(options).Select(voter => new IntentVoterOptions { Name = voter.Name, Consensus = voter.Consensus, Protocol = Plain(voter.Protocol), Witness = voter.Witness })];
        target.Listen = options.Process.ConsensusListen;
        target.LowerElectionTimeoutMs = intent.LowerElectionTimeoutMs;
        target.UpperElectionTimeoutMs = intent.UpperElectionTimeoutMs;
        target.SnapshotEvery = intent.SnapshotEvery;
        target.EtcdEndpoints = [.. (intent.EtcdEndpoints ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)];
        target.EtcdPrefix = intent.EtcdPrefix;
    }

    /// <summary>The directory of a region's copy of the intent log.</summary>
    public static string DirectoryOf(RegionPlan region) => DirectoryIn(region.Data);

    /// <summary>A region as a voter of the embedded intent log.</summary>
    public static IntentVoter VoterOf(RegionPlan region) => new() { Name = region.Name, Consensus = region.Consensus, Protocol = region.Control };

    /// <summary>All configured voters: the regions and the witnesses.</summary>
    public static IntentVoter[] VotersOf(MeridianOptions options) =>
    [
        .. RegionPlan.All(options).Select(VoterOf),
        .. options.Intent.Witnesses.Select(witness => new IntentVoter { Name = witness.Name, Consensus = witness.Consensus, Protocol = witness.Control!, Witness = true }),
    ];

    private static string DirectoryIn(string data) => Path.Combine(data, "intent");

    private static string Plain(Uri address) => address.GetLeftPart(UriPartial.Authority);
}
