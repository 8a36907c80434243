using DotNext.IO.Log;
using DotNext.Net.Cluster.Consensus.Raft;
using Meridian.Cluster.Tests.Harness;
using Meridian.Intents.Raft;
using Meridian.Intents.State;
using Meridian.Intents.Tests.Quorum.Members;

namespace Meridian.Intents.Tests.Quorum;

/// <summary>
/// The library writes another member's greater term down before it ends this member's leadership. The tests stop it there: the term is raised as its term update raises it, and nothing steps down.
/// </summary>
public sealed class ProposalTermTests : IAsyncDisposable
{
    private readonly TestRaftMembers _members = new();

    public ValueTask DisposeAsync() => _members.DisposeAsync();

    [Fact]
    public async Task A_leader_that_is_about_to_step_down_appends_under_no_term_that_it_did_not_lead()
    {
        var member = await LeaderAsync();
        await member.ProposeAsync(new IntentCommand { Barrier = true }, CancellationToken.None);
        var led = await member.LastTermAsync(CancellationToken.None);

        await ((IPersistentState)member.Log).UpdateTermAsync(led + 1, resetLastVote: true);
        Assert.True(member.Leads);
        var last = member.LastIndex;
        await Assert.ThrowsAsync<NotLeaderException>(() => member.ProposeAsync(new IntentCommand { Barrier = true }, CancellationToken.None));

        Assert.Equal(led + 1, member.Term);
        Assert.Equal(last, member.LastIndex);
    }

    [Fact]
    public async Task A_proposal_of_an_earlier_leadership_is_not_appended_in_a_later_one()
    {
        var member = await LeaderAsync();
        var proposal = new Proposal(new IntentCommand { Barrier = true });
        var entry = new BinaryLogEntry { Content = IntentCommandFormat.Serialize(proposal.Command), Term = member.Log.LedTerm, Context = proposal };
        var log = (IAuditTrail<IRaftLogEntry>)member.Log;
        await log.AppendAsync(new EmptyLogEntry { Term = entry.Term + 2 });
        var last = member.LastIndex;

        await Assert.ThrowsAsync<NotLeaderException>(async () => await log.AppendAsync(entry));

        Assert.Equal(last, member.LastIndex);
    }

    [Fact]
    public async Task A_proposal_whose_leadership_has_ended_is_not_appended()
    {
        var member = await LeaderAsync();
        var proposal = new Proposal(new IntentCommand { Barrier = true });
        var entry = new BinaryLogEntry { Content = IntentCommandFormat.Serialize(proposal.Command), Term = member.Log.LedTerm, Context = proposal };
        var last = member.LastIndex;

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await ((IAuditTrail<IRaftLogEntry>)member.Log).AppendAsync(entry, new CancellationToken(canceled: true)));

        Assert.Equal(last, member.LastIndex);
    }

    private async Task<RaftMember> LeaderAsync()
    {
        var port = FreePorts.Range(1);
        var member = await _members.OpenAsync("eu", port, [port]);
        await TestRaftMembers.HoldsAsync(() => member.Leads, "the sole voter to lead");
        return member;
    }
}
