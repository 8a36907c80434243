using Meridian.Federation.Configuration;
using Meridian.Federation.Directory;
using Meridian.Federation.Liveness;
using Meridian.Federation.Routing;
using Meridian.Federation.Tests.Protocol;
using Microsoft.Extensions.Time.Testing;

namespace Meridian.Federation.Tests.Liveness;

/// <summary>Judgement on a clock that moves only when told.</summary>
public sealed class LivenessBoardTests
{
    private const string Eu = "westeurope";
    private readonly FakeTimeProvider _time = new();
    private readonly LivenessBoard _board;

    public LivenessBoardTests()
    {
        _board = new LivenessBoard(new FederationOptions(), null, null, new InFlightLedger(), _time);
        _board.Follow(Sample.Intent((Eu, "eu"), ("eastus", "us")));
    }

    private RegionView View => _board.Snapshot().Views[Eu];

    [Fact]
    public void A_region_is_unknown_until_it_is_heard()
    {
        Assert.Equal(RegionHealth.Unknown, View.Health);
        Pass(TimeSpan.FromMinutes(1));
        Assert.Equal(RegionHealth.Unknown, View.Health);

        Hear(incarnation: 5, roundTripMs: 40);

        Assert.Equal((RegionHealth.Alive, 5L, 40.0), (View.Health, View.Incarnation, View.RoundTripMs));
        Assert.Equal("minilm", View.Models.Single().Model);
        Assert.Equal(RegionHealth.Unknown, _board.Snapshot().Views["eastus"].Health);
    }

    [Fact]
    public void Silence_makes_it_suspect_and_then_dead_within_four_seconds()
    {
        Beats(50);
        var lost = View.Lost;

        Pass(TimeSpan.FromSeconds(1.4));
        Assert.Equal(RegionHealth.Alive, View.Health);
        Pass(TimeSpan.FromSeconds(0.6));
        Assert.Equal(RegionHealth.Suspect, View.Health);
        Assert.False(lost.IsCancellationRequested);
        Pass(TimeSpan.FromSeconds(1.8));

        Assert.Equal(RegionHealth.Dead, View.Health);
        Assert.True(lost.IsCancellationRequested);
    }

    [Fact]
    public void A_region_that_was_heard_irregularly_is_still_dead_within_four_seconds()
    {
        for (var i = 0; i < 30; i++)
        {
            Hear();
            Pass(TimeSpan.FromSeconds(i % 2 == 0 ? 0.2 : 1.4));
        }

        Hear();
        Pass(TimeSpan.FromSeconds(3.8));

        Assert.Equal(RegionHealth.Dead, View.Health);
    }

    [Fact]
    public void A_suspect_that_speaks_is_alive_with_the_same_token()
    {
        Beats(50);
        var lost = View.Lost;
        Pass(TimeSpan.FromSeconds(2));

        Hear();

        Assert.Equal(RegionHealth.Alive, View.Health);
        Assert.Equal(lost, View.Lost);
        Assert.False(lost.IsCancellationRequested);
    }

    [Fact]
    public void A_refused_knock_is_death_at_once()
    {
        Beats(3);
        var lost = View.Lost;
        _time.Advance(TimeSpan.FromMilliseconds(1));

        Assert.True(_board.Refused(Eu, _time.GetTimestamp()));

        Assert.Equal(RegionHealth.Dead, View.Health);
        Assert.True(lost.IsCancellationRequested);
    }

    [Fact]
    public void A_knock_that_began_before_the_region_was_heard_says_nothing()
    {
        var knocked = _time.GetTimestamp();
        _time.Advance(TimeSpan.FromMilliseconds(5));
        Hear(incarnation: 2);

        Assert.False(_board.Refused(Eu, knocked));

        Assert.Equal(RegionHealth.Alive, View.Health);
    }

    [Fact]
    public void A_restart_that_was_never_seen_as_death_ends_the_old_life()
    {
        Hear(incarnation: 1);
        var old = View.Lost;

        Hear(incarnation: 2);

        Assert.True(old.IsCancellationRequested);
        Assert.Equal(2, View.Incarnation);
        Assert.False(View.Lost.IsCancellationRequested);
        Assert.NotEqual(old, View.Lost);
    }

    [Fact]
    public void A_late_word_of_an_earlier_incarnation_is_ignored()
    {
        Hear(incarnation: 2);
        var lost = View.Lost;

        Hear(incarnation: 1);

        Assert.Equal((2L, lost), (View.Incarnation, View.Lost));
    }

    [Fact]
    public void A_dead_region_that_speaks_again_gets_a_new_token()
    {
        Beats(50);
        Pass(TimeSpan.FromSeconds(4));
        var old = View.Lost;

        Hear();

        Assert.Equal(RegionHealth.Alive, View.Health);
        Assert.True(old.IsCancellationRequested);
        Assert.False(View.Lost.IsCancellationRequested);
    }

    [Fact]
    public void A_process_that_was_stopped_blames_nobody()
    {
        Beats(50);
        _time.Advance(TimeSpan.FromSeconds(60));
        Wake();

        Assert.Equal(RegionHealth.Alive, View.Health);

        Pass(TimeSpan.FromSeconds(4));
        Assert.Equal(RegionHealth.Dead, View.Health);
    }

    [Fact]
    public void A_starved_pool_is_forgiven_but_not_for_ever()
    {
        Beats(50);

        Pass(TimeSpan.FromSeconds(3.4), starved: true);
        Assert.NotEqual(RegionHealth.Dead, View.Health);

        Pass(TimeSpan.FromSeconds(3), starved: true);
        Assert.Equal(RegionHealth.Dead, View.Health);
    }

    [Fact]
    public void A_region_that_leaves_the_intent_disappears_and_its_token_fires()
    {
        Hear();
        var lost = View.Lost;

        _board.Follow(Sample.Intent(("eastus", "us")) with { Epoch = 2 });

        Assert.True(lost.IsCancellationRequested);
        Assert.DoesNotContain(Eu, _board.Snapshot().Views.Keys);
    }

    [Fact]
    public void A_new_intent_keeps_what_is_known_of_the_regions_that_stay()
    {
        Hear(incarnation: 3);
        var lost = View.Lost;

        _board.Follow(Sample.Intent((Eu, "eu")) with { Epoch = 2 });

        Assert.Equal((RegionHealth.Alive, 3L, lost), (View.Health, View.Incarnation, View.Lost));
    }

    [Fact]
    public void A_region_that_moved_is_a_stranger()
    {
        Hear(incarnation: 3);
        var intent = Sample.Intent((Eu, "eu"));

        _board.Follow(intent with { Epoch = 2, Regions = [intent.Regions[0] with { Protocol = new Uri("http://127.0.0.1:9") }] });

        Assert.Equal(RegionHealth.Unknown, View.Health);
    }

    [Fact]
    public void Who_answers_under_another_name_is_not_that_region()
    {
        Assert.False(_board.IsWho(Eu, Sample.Status("eastus")));
        Assert.True(_board.IsWho(Eu, Sample.Status(Eu)));
    }

    [Fact]
    public void Ones_own_region_is_alive_and_at_no_distance()
    {
        var board = new LivenessBoard(new FederationOptions(), Eu, new TestRegion(Eu, 9), new InFlightLedger(), _time);
        board.Follow(Sample.Intent((Eu, "eu"), ("eastus", "us")));

        var view = board.Snapshot().Views[Eu];

        Assert.Equal((RegionHealth.Alive, 9L, 0.0), (view.Health, view.Incarnation, view.RoundTripMs));
        Assert.False(view.Lost.CanBeCanceled);
        Assert.Equal(["eastus"], board.Records.Keys);
    }

    [Fact]
    public void Views_stand_in_the_intents_order_too()
    {
        _board.Follow(Sample.Intent(("southeastasia", "apac"), (Eu, "eu"), ("eastus", "us")));
        var snapshot = _board.Snapshot();

        Assert.Equal(snapshot.Intent.Regions.Select(r => snapshot.Views[r.Name]), snapshot.ViewsInOrder);

        // A copy that is given other regions follows them.
        var copy = snapshot with { Intent = Sample.Intent((Eu, "eu"), ("mars", "")) };
        Assert.Same(snapshot.Views[Eu], copy.ViewsInOrder[0]);
        Assert.Equal(("mars", RegionHealth.Unknown), (copy.ViewsInOrder[1].Name, copy.ViewsInOrder[1].Health));
    }

    [Fact]
    public async Task What_waits_for_the_token_does_not_run_on_the_judging_thread()
    {
        Hear();

        // Marks the thread only while it judges: the pool may well use the same thread for the callback afterwards.
        using var judging = new ThreadLocal<bool>();
        var ran = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = View.Lost.Register(() => ran.SetResult(judging.Value));
        _time.Advance(TimeSpan.FromMilliseconds(1));

        judging.Value = true;
        _board.Refused(Eu, _time.GetTimestamp());
        judging.Value = false;

        Assert.False(await ran.Task);
    }

    private void Hear(long incarnation = 1, double roundTripMs = 1)
    {
        var now = _time.GetTimestamp();
        _board.Heard(Eu, Sample.Status(Eu, incarnation), now, now - (long)(roundTripMs / 1000 * _time.TimestampFrequency));
    }

    private void Beats(int count)
    {
        for (var i = 0; i < count; i++)
        {
            Pass(TimeSpan.FromMilliseconds(200));
            Hear();
        }
    }

    /// <summary>Time passes, the liveness thread waking every 100 ms as it would.</summary>
    private void Pass(TimeSpan span, bool starved = false)
    {
        for (var passed = TimeSpan.Zero; passed < span; passed += TimeSpan.FromMilliseconds(100))
        {
            _time.Advance(TimeSpan.FromMilliseconds(100));
            if (starved && passed.Milliseconds % 200 == 0)
                _board.Clock.PoolStarved();
            Wake();
        }
    }

    private void Wake()
    {
        var now = _time.GetTimestamp();
        _board.Clock.Woke(now);
        foreach (var record in _board.Records.Values)
            record.Judge(_board.Clock.Ms(now), _board.Clock);
    }
}
