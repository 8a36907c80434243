using Meridian.Intents.Peers;
using Meridian.Intents.Raft;
using Meridian.Intents.State;

namespace Meridian.Intents.Tests.Quorum;

public sealed class FollowerProgressTests
{
    private readonly HashSet<string> _voters = ["eu", "us"];
    private readonly FollowerProgress _progress = new(TimeSpan.FromSeconds(12));

    [Fact]
    public void A_follower_that_stays_behind_is_found_after_its_time()
    {
        Assert.Null(Look("us", 5, leader: 9, at: 0));
        Assert.Null(Look("us", 5, leader: 12, at: 12));

        Assert.Equal(("us", 5, 9), Look("us", 5, leader: 12, at: 13));
    }

    [Fact]
    public void A_follower_that_moves_or_has_everything_is_not_stuck()
    {
        Assert.Null(Look("us", 5, leader: 9, at: 0));
        Assert.Null(Look("us", 6, leader: 9, at: 13));
        Assert.Null(Look("us", 9, leader: 9, at: 26));

        Assert.Null(Look("us", 9, leader: 9, at: 60));
    }

    [Fact]
    public void A_member_that_was_removed_is_nobody_to_wait_for()
    {
        Assert.Null(Look("us", 5, leader: 9, at: 0));
        _voters.Remove("us");
        for (var at = 1; at < 100; at++)
            Assert.Null(Look("us", 5, leader: 9 + at, at));
        _voters.Add("us");

        Assert.Null(Look("us", 5, leader: 200, at: 101));
    }

    private (string Name, long Index, long Target)? Look(string name, long index, long leader, int at) => _progress.Stuck(
        [new PeerState { Name = name, Phase = (int)MemberPhase.Voter, Generation = IntentGeneration.None, AppliedIndex = index, Listens = true }], _voters, leader, TimeSpan.FromSeconds(at));
}
