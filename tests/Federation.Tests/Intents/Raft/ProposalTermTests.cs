using System.Net;
using DotNext.Net.Cluster.Consensus.Raft;
using Meridian.Federation.Intents;
using Meridian.Federation.Intents.Raft;
using Meridian.Federation.Intents.State;
using Microsoft.Extensions.Logging.Abstractions;

namespace Meridian.Federation.Tests.Intents.Raft;

/// <summary>
/// The library writes another member's greater term down before it ends this member's leadership. The tests stop it there: the term is raised as its term update raises it, and nothing steps down.
/// </summary>
[Collection(RaftCollection.Name)]
public sealed class ProposalTermTests : IDisposable
{
    private readonly string _folder = System.IO.Directory.CreateTempSubdirectory("proposal-term-").FullName;

    public void Dispose() => System.IO.Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_leader_that_is_about_to_step_down_appends_under_no_term_that_it_did_not_lead()
    {
        await using var member = await LeaderAsync();
        await member.ProposeAsync(new IntentCommand { Barrier = true }, CancellationToken.None);
        var led = await member.LastTermAsync(CancellationToken.None);

        await ((IPersistentState)member.Log).UpdateTermAsync(led + 1, resetLastVote: true);
        Assert.True(member.Leads);
        await member.ProposeAsync(new IntentCommand { Barrier = true }, CancellationToken.None);

        Assert.Equal(led + 1, member.Term);
        Assert.Equal(led, await member.LastTermAsync(CancellationToken.None));
    }

    [Fact]
    public async Task A_proposal_of_an_earlier_leadership_is_not_appended_in_a_later_one()
    {
        await using var member = await LeaderAsync();
        var proposal = new Proposal(new IntentCommand { Barrier = true });
        var entry = new BinaryLogEntry { Content = IntentCommandFormat.Serialize(proposal.Command), Term = member.Log.LedTerm, Context = proposal };
        var log = (DotNext.IO.Log.IAuditTrail<IRaftLogEntry>)member.Log;
        await log.AppendAsync(new EmptyLogEntry { Term = entry.Term + 2 });
        var last = member.LastIndex;

        await Assert.ThrowsAsync<NotLeaderException>(async () => await log.AppendAsync(entry));

        Assert.Equal(last, member.LastIndex);
    }

    [Fact]
    public async Task A_proposal_whose_leadership_has_ended_is_not_appended()
    {
        await using var member = await LeaderAsync();
        var proposal = new Proposal(new IntentCommand { Barrier = true });
        var entry = new BinaryLogEntry { Content = IntentCommandFormat.Serialize(proposal.Command), Term = member.Log.LedTerm, Context = proposal };
        var last = member.LastIndex;

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await ((DotNext.IO.Log.IAuditTrail<IRaftLogEntry>)member.Log).AppendAsync(entry, new CancellationToken(canceled: true)));

        Assert.Equal(last, member.LastIndex);
    }

    private async Task<RaftMember> LeaderAsync()
    {
        var directory = MemberDirectory.Open(_folder);
        var address = new IPEndPoint(IPAddress.Loopback, LoopbackPorts.Next());
        var identity = new MemberIdentity { Name = "eu", Consensus = address.ToString(), Phase = MemberPhase.Voter, Generation = new IntentGeneration { Number = 1, Id = Guid.NewGuid() } };
        ConsensusMembers.Write(directory.Members, 0, [identity.Consensus]);
        var settings = new RaftSettings
        {
            Self = new IntentVoter { Name = identity.Name, Consensus = identity.Consensus, Protocol = new Uri("http://127.0.0.1:1") },
            Listen = address,
            LowerElectionTimeoutMs = 300,
            UpperElectionTimeoutMs = 600,
            SnapshotEvery = 64,
            LoggerFactory = NullLoggerFactory.Instance,
        };
        var member = await RaftMember.OpenAsync(directory, identity, settings, offline: false, static _ => { }, static _ => { }, CancellationToken.None);
        for (var i = 0; i < 6000 && !member.Leads; i++)
            await Task.Delay(10);
        Assert.True(member.Leads);
        return member;
    }
}
