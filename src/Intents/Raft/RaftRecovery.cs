using System.Net;
using Meridian.Intents.State;
using Microsoft.Extensions.Logging.Abstractions;

namespace Meridian.Intents.Raft;

/// <summary>
/// Recovers a log whose majority is lost for good: makes one stopped member the only voter of its log, in a new generation. Members of the earlier generation
/// that come back are refused by it, and learn of the new generation when they ask it. Recover one member only: if two members are made to continue alone,
/// there are two separate logs.
/// <para>The member's directory is locked until disposal, so that <see cref="Force"/> changes exactly the state that the report describes.</para>
/// </summary>
public sealed class RaftRecovery : IDisposable
{
    private readonly MemberDirectory _directory;
    private readonly MemberIdentity _identity;
    private readonly IntentGeneration _next;

    private RaftRecovery(MemberDirectory directory, MemberIdentity identity, IntentGeneration next, RecoveryReport report)
    {
        _directory = directory;
        _identity = identity;
        _next = next;
        Report = report;
    }

    /// <value>The data that is kept and the data that is given up. Print it before <see cref="Force"/>.</value>
    public RecoveryReport Report { get; }

    /// <summary>Examines a stopped member, and changes nothing.</summary>
    /// <param name="self">The member as its configuration names it; must match the directory.</param>
    /// <param name="configured">The other voters in the configuration. They give names for voters that the log's address book does not have yet.</param>
    /// <param name="cancellationToken">Ends the reading of the log.</param>
    /// <exception cref="IntentLogException">The member runs, or the directory holds no log of it, or a damaged one.</exception>
    public static async Task<RaftRecovery> OpenAsync(string directory, IntentVoter self, IReadOnlyCollection<IntentVoter> configured, CancellationToken cancellationToken)
    {
        IntentRules.Check(self);
        if (!System.IO.Directory.Exists(directory))
            throw new IntentLogException($"'{directory}' does not exist, so it holds no log; choose a member that has one.");
        var held = MemberDirectory.Open(directory);
        try
        {
            return await OpenAsync(held, self, configured, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>Runs <see cref="OpenAsync(string, IntentVoter, IReadOnlyCollection{IntentVoter}, CancellationToken)"/> and <see cref="Force"/>.</summary>
    /// <returns>The data that was kept and the data that was given up.</returns>
    /// <exception cref="IntentLogException">The member runs, or the directory holds no log of it, or a damaged one.</exception>
    public static async Task<RecoveryReport> ForceSingleAsync(string directory, IntentVoter self, CancellationToken cancellationToken)
    {
        using var recovery = await OpenAsync(directory, self, [], cancellationToken).ConfigureAwait(false);
        recovery.Force();
        return recovery.Report;
    }

    /// <summary>Makes the member the only voter.</summary>
    public void Force()
    {
        // Write the identity first. If this breaks off, a member of the new generation with the old membership does no harm; a member of the old generation
        // with the new membership would.
        _directory.WriteIdentity(_identity with { Generation = _next });

        // The version of the membership is the last index. So no membership in the log's tail replaces it, and every later one does.
        ConsensusMembers.Write(_directory.Members, Report.LastIndex, [_identity.Consensus]);
    }

    public void Dispose() => _directory.Dispose();

    private static async Task<RaftRecovery> OpenAsync(MemberDirectory held, IntentVoter self, IReadOnlyCollection<IntentVoter> configured, CancellationToken cancellationToken)
    {
        if (held.ReadIdentity() is not { } identity)
            throw new IntentLogException($"'{held.Path}' holds no log; choose a member that has one.");
        if (identity.Name != self.Name || identity.Consensus != self.Consensus)
            throw new IntentLogException($"'{held.Path}' belongs to '{identity.Name}' at {identity.Consensus}, not to '{self.Name}' at {self.Consensus}.");
        if (identity.Phase != MemberPhase.Voter)
            throw new IntentLogException($"'{self.Name}' had not been let into the log when it stopped, so it holds no log that is complete. Choose a member that voted.");

        var voted = ConsensusMembers.Read(held.Members);
        var settings = new RaftSettings
        {
            Self = self,
            Listen = new IPEndPoint(IPAddress.Loopback, 0),
            LowerElectionTimeoutMs = 1500,
            UpperElectionTimeoutMs = 3000,
            SnapshotEvery = int.MaxValue,
            LoggerFactory = NullLoggerFactory.Instance,
        };
        var member = await RaftMember.OpenAsync(held, identity, settings, offline: true, static _ => { }, static _ => { }, cancellationToken).ConfigureAwait(false);
        await using (member.ConfigureAwait(false))
        {
            var before = Math.Max(identity.Generation.Number, member.State.Generation.Number);
            var report = new RecoveryReport
            {
                Removed = [.. voted.Where(address => !address.Equals(member.Self)).Select(address => NameOf(member, configured, address))],
                LastIndex = member.LastIndex,
                LastTerm = await member.LastTermAsync(cancellationToken).ConfigureAwait(false),
                CommittedIndex = member.CommittedIndex,
                AppliedIndex = member.State.Replica.AppliedIndex,
                Revision = member.State.Replica.Revision,
                Generation = before + 1,
            };
            return new RaftRecovery(held, identity, new IntentGeneration { Number = report.Generation, Id = Guid.NewGuid() }, report);
        }
    }

    private static string NameOf(RaftMember member, IEnumerable<IntentVoter> configured, EndPoint address)
    {
        var known = member.State.Voters.Values.Concat(configured).FirstOrDefault(voter => ConsensusAddress.TryParse(voter.Consensus, out var each) && each.Equals(address));
        return known is null ? ConsensusAddress.Format(address) : $"{known.Name} ({known.Consensus})";
    }
}
