using System.Net;
using Meridian.Federation.Intents.State;
using Microsoft.Extensions.Logging.Abstractions;

namespace Meridian.Federation.Intents.Raft;

/// <summary>For an operator whose majority is lost for good.</summary>
public static class RaftRecovery
{
    /// <summary>
    /// Makes the stopped member that owns <paramref name="directory"/> the only voter of its log, in a new generation: members of the earlier one that come back are refused by it,
    /// and find out when they ask it. Do this at one member only, the one with the highest last index; two members that are both made to go on alone keep two logs.
    /// </summary>
    /// <returns>What was kept and what given up. Print it.</returns>
    /// <exception cref="IntentLogException">The member runs, or the directory holds no log of it, or a damaged one.</exception>
    public static async Task<RecoveryReport> ForceSingleAsync(string directory, IntentVoter self, CancellationToken cancellationToken)
    {
        IntentRules.Check(self);
        using var held = MemberDirectory.Open(directory);
        if (held.ReadIdentity() is not { } identity)
            throw new IntentLogException($"'{held.Path}' holds no log; choose a member that has one.");
        if (identity.Name != self.Name || identity.Consensus != self.Consensus)
            throw new IntentLogException($"'{held.Path}' belongs to '{identity.Name}' at {identity.Consensus}, not to '{self.Name}' at {self.Consensus}.");
        if (identity.Phase != MemberPhase.Voter)
            throw new IntentLogException($"'{self.Name}' had not been let into the log when it stopped: what it holds may be incomplete. Choose a member that voted.");

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
        long last, committed;
        string[] removed;
        IntentGeneration generation;
        var member = await RaftMember.OpenAsync(held, identity, settings, offline: true, static _ => { }, static _ => { }, cancellationToken).ConfigureAwait(false);
        await using (member.ConfigureAwait(false))
        {
            last = member.LastIndex;
            committed = member.CommittedIndex;
            removed = [.. voted.Where(address => !address.Equals(member.Self)).Select(address => NameOf(member, address))];
            generation = new IntentGeneration { Number = Math.Max(identity.Generation.Number, member.State.Generation.Number) + 1, Id = Guid.NewGuid() };
        }

        // The identity first: a member of the new generation with the old membership does no harm, the other way round it would.
        held.WriteIdentity(identity with { Generation = generation });

        // Its version is the last index: no membership that the log's tail still holds takes its place, every later one does.
        ConsensusMembers.Write(held.Members, last, [self.Consensus]);
        return new RecoveryReport { Removed = removed, LastIndex = last, CommittedIndex = committed, Generation = generation.Number };
    }

    private static string NameOf(RaftMember member, EndPoint address)
    {
        var known = member.State.Voters.Values.FirstOrDefault(voter => ConsensusAddress.TryParse(voter.Consensus, out var each) && each.Equals(address));
        return known is null ? ConsensusAddress.Format(address) : $"{known.Name} ({known.Consensus})";
    }
}
