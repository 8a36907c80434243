using CsCheck;
using Meridian.Federation.Availability;
using Meridian.Federation.Configuration;
using Meridian.Federation.Liveness;
using Meridian.Federation.Tests.Protocol;
using Meridian.Messages;
using Meridian.Routing.Attempts;
using Meridian.Routing.Snapshots;
using Meridian.Routing.Tables;
using Microsoft.Extensions.Time.Testing;

namespace Meridian.Federation.Tests.Liveness;

/// <summary>Judgement on a clock that moves only when told.</summary>
public sealed class LivenessBoardTests
{
    private const string Eu = "westeurope";
    private readonly FakeTimeProvider _time = new();
    private readonly AvailabilityBoard _availability;
    private readonly InFlightLedger _inFlight = new();
    private readonly LivenessBoard _board;

    public LivenessBoardTests()
    {
        _availability = new AvailabilityBoard(new AvailabilityOptions(), _time);
        _board = new LivenessBoard(new FederationOptions(), null, null, _inFlight, _time, _availability);
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
    public void A_refused_probe_is_death_at_once()
    {
        Beats(3);
        var lost = View.Lost;
        _time.Advance(TimeSpan.FromMilliseconds(1));

        Assert.True(_board.Refused(Eu, _time.GetTimestamp()));

        Assert.Equal(RegionHealth.Dead, View.Health);
        Assert.True(lost.IsCancellationRequested);
    }

    [Fact]
    public void A_region_that_stops_in_order_gets_nothing_new_and_ends_what_it_has()
    {
        Beats(3);
        var lost = View.Lost;
        _board.Records[Eu].Stop(View.Incarnation);
        _time.Advance(TimeSpan.FromMilliseconds(1));

        Assert.True(_board.Refused(Eu, _time.GetTimestamp()));

        Assert.Equal(RegionHealth.Dead, View.Health);
        Assert.False(lost.IsCancellationRequested);
        Pass(new HeartbeatOptions().MaxSilence);
        Assert.True(lost.IsCancellationRequested);
    }

    [Fact]
    public void A_region_that_was_heard_again_after_its_stop_can_die_at_once()
    {
        Beats(3);
        _board.Records[Eu].Stop(View.Incarnation);
        Hear(incarnation: View.Incarnation + 1);
        var lost = View.Lost;
        _time.Advance(TimeSpan.FromMilliseconds(1));

        Assert.True(_board.Refused(Eu, _time.GetTimestamp()));

        Assert.True(lost.IsCancellationRequested);
    }

    [Fact]
    public void A_probe_that_began_before_the_region_was_heard_says_nothing()
    {
        var probed = _time.GetTimestamp();
        _time.Advance(TimeSpan.FromMilliseconds(5));
        Hear(incarnation: 2);

        Assert.False(_board.Refused(Eu, probed));

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

    [Fact]
    public void A_region_that_restarts_with_its_clock_set_back_is_believed_over_a_later_connection()
    {
        Hear(incarnation: 5_000_000, connection: 1);
        var old = View.Lost;

        Hear(incarnation: 1000, connection: 2);

        Assert.Equal((RegionHealth.Alive, 1000L), (View.Health, View.Incarnation));
        Assert.True(old.IsCancellationRequested);
        Assert.False(View.Lost.IsCancellationRequested);
    }

    [Fact]
    public void A_late_word_over_an_earlier_connection_is_ignored_whatever_number_it_bears()
    {
        Hear(incarnation: 5_000_000, connection: 1);
        Hear(incarnation: 1000, connection: 2);
        var lost = View.Lost;

        Hear(incarnation: 5_000_000, connection: 1);

        Assert.Equal((1000L, lost), (View.Incarnation, View.Lost));
        Assert.False(lost.IsCancellationRequested);
    }

    [Fact]
    public void The_same_process_over_a_later_connection_goes_on_living()
    {
        Hear(incarnation: 5, connection: 1);
        var lost = View.Lost;

        Hear(incarnation: 5, connection: 2);

        Assert.Equal((5L, lost), (View.Incarnation, View.Lost));
        Assert.False(lost.IsCancellationRequested);
    }

    [Fact]
    public void What_is_new_to_the_observer_has_not_returned()
    {
        Hear();

        Assert.Equal(1, View.Weight);
    }

    [Fact]
    public void A_region_that_returns_or_joins_later_warms_up()
    {
        Beats(3);
        _board.Refused(Eu, _time.GetTimestamp());
        Pass(TimeSpan.FromSeconds(1));

        Hear(incarnation: 2);
        Assert.Equal(0.1, View.Weight);
        Beats(25);
        Assert.Equal(0.5, View.Weight, 3);
        Beats(25);
        Assert.Equal(1, View.Weight);

        Pass(TimeSpan.FromSeconds(10));
        var now = _time.GetTimestamp();
        _board.Heard("eastus", Sample.Status("eastus"), now, now);
        Assert.Equal(0.1, _board.Snapshot().Views["eastus"].Weight);
    }

    [Fact]
    public void A_suspect_that_speaks_does_not_warm_up()
    {
        Beats(50);
        Pass(TimeSpan.FromSeconds(2));

        Hear();

        Assert.Equal((RegionHealth.Alive, 1.0), (View.Health, View.Weight));
    }

    [Fact]
    public void Failing_requests_open_the_breaker_in_the_view_and_a_new_incarnation_closes_it()
    {
        Hear();
        for (var i = 0; i < 10; i++)
            _availability.Report(Eu, 1, AttemptOutcome.Faulted);
        Assert.Equal(BreakerState.Open, View.Breaker);
        Assert.Equal(RegionHealth.Alive, View.Health);
        Assert.Empty(_board.Advance(_time.GetTimestamp()));

        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal([Eu], _board.Advance(_time.GetTimestamp()));
        Assert.Equal(BreakerState.HalfOpen, View.Breaker);

        Hear(incarnation: 2, connection: 1);
        Assert.Equal(BreakerState.Closed, View.Breaker);
    }

    [Fact]
    public void Ones_own_region_has_a_breaker_too()
    {
        var board = new LivenessBoard(new FederationOptions(), Eu, new TestRegion(Eu, 9), new InFlightLedger(), _time, _availability);
        board.Follow(Sample.Intent((Eu, "eu"), ("eastus", "us")));
        board.Snapshot();

        for (var i = 0; i < 10; i++)
            _availability.Report(Eu, 9, AttemptOutcome.Faulted);

        Assert.Equal(BreakerState.Open, board.Snapshot().Views[Eu].Breaker);
    }

    [Fact]
    public void Draining_comes_into_the_view_at_once()
    {
        Hear();

        var now = _time.GetTimestamp();
        Assert.True(_board.Heard(Eu, Sample.Status(Eu) with { Draining = true }, now, now));

        Assert.True(View.Draining);
    }

    [Fact]
    public void A_clock_that_is_set_shows_and_decides_nothing()
    {
        Hear(clockOffMs: 30);
        var right = View;
        Assert.Equal((0, RegionHealth.Alive), (right.ClockOffMs, right.Health));

        // Nothing but the link's own uncertainty.
        Hear(clockOffMs: -45);
        Assert.Equal(0, View.ClockOffMs);
        Assert.False(_board.Records[Eu].ClockWrong);

        Hear(clockOffMs: 3_600_020);
        Assert.Equal((3_600_020, RegionHealth.Alive), (View.ClockOffMs, View.Health));
        Assert.True(_board.Records[Eu].ClockWrong);
        Assert.Equal(right.Lost, View.Lost);

        // A region of an earlier build says nothing.
        Hear();
        Assert.Equal(3_600_020, View.ClockOffMs);

        Hear(clockOffMs: 1_100, roundTripMs: 2_000);
        Assert.Equal(1_100, View.ClockOffMs);
        Assert.False(_board.Records[Eu].ClockWrong);
    }

    [Fact]
    public void A_region_that_was_not_up_yet_has_not_changed_when_it_comes()
    {
        _board.Refused(Eu, _time.GetTimestamp());
        Assert.Equal(0, View.Changes);
        Pass(TimeSpan.FromMilliseconds(200));
        Hear();
        Assert.Equal((0, RegionHealth.Alive), (View.Changes, View.Health));
    }

    [Fact]
    public void What_flaps_is_counted()
    {
        Assert.Equal(0, View.Changes);
        Hear();
        Assert.Equal(0, View.Changes);
        for (var i = 1; i <= 3; i++)
        {
            _board.Refused(Eu, _time.GetTimestamp());
            Pass(TimeSpan.FromMilliseconds(200));
            Hear(incarnation: 1 + i);
            Assert.Equal((2 * i, RegionHealth.Alive), (View.Changes, View.Health));
        }
    }

    [Fact]
    public void Where_nothing_changed_the_snapshot_is_the_same_and_otherwise_the_views_of_the_rest_are()
    {
        var status = Sample.Status(Eu);
        Hear(status);
        var first = _board.Snapshot();
        Pass(TimeSpan.FromMilliseconds(200));
        Hear(status);
        Assert.Same(first, _board.Snapshot());

        Hear(status with { Models = [Sample.Model(queued: 3)] });
        var second = _board.Snapshot();

        Assert.NotSame(first, second);
        Assert.Equal(3, second.Views[Eu].Models[0].Queued);
        Assert.Same(first.Views["eastus"], second.Views["eastus"]);
        Assert.Same(second.Views[Eu], second.ViewsInOrder[0]);
        using (_inFlight.Enter(Eu))
            Assert.Equal(1, View.InFlight);
    }

    /// <summary>Whatever happens: a token fires exactly when its life ends (death, another incarnation), and the living region's never has.</summary>
    [Fact]
    public void The_token_fires_exactly_when_a_life_ends() =>
        Gen.Select(Gen.Int[0, 5], Gen.Int[1, 4], Gen.Int[50, 1500]).Array[1, 120].Sample(steps =>
        {
            var time = new FakeTimeProvider();
            var board = new LivenessBoard(new FederationOptions(), null, null, new InFlightLedger(), time);
            board.Follow(Sample.Intent((Eu, "eu")));
            var past = new List<CancellationToken>();
            var connection = 1L;
            foreach (var (step, incarnation, pauseMs) in steps)
            {
                var before = board.Snapshot().Views[Eu];
                var now = time.GetTimestamp();
                switch (step)
                {
                    case 0:
                        time.Advance(TimeSpan.FromMilliseconds(pauseMs));
                        break;
                    case 1:
                        board.Refused(Eu, now);
                        break;
                    case 2:
                        connection++;
                        goto default;
                    default:
                        board.Heard(Eu, Sample.Status(Eu, incarnation), now, now, connection);
                        break;
                }

                now = time.GetTimestamp();
                board.Clock.Woke(now);
                board.Records[Eu].Judge(board.Clock.Ms(now), board.Clock);
                var view = board.Snapshot().Views[Eu];
                if (view.Weight is not (> 0 and <= 1))
                    return false;

                var lived = before.Health is RegionHealth.Alive or RegionHealth.Suspect;
                var lives = view.Health is RegionHealth.Alive or RegionHealth.Suspect;
                var ended = lived && (!lives || view.Incarnation != before.Incarnation);
                if (lived && before.Lost.IsCancellationRequested != ended)
                    return false;
                if (lived && lives && !ended && view.Lost != before.Lost)
                    return false;
                if (lives && (view.Lost.IsCancellationRequested || !view.Lost.CanBeCanceled))
                    return false;
                if (lives && (!lived || ended))
                    past.Add(view.Lost);
                if (past.SkipLast(1).Any(lost => !lost.IsCancellationRequested))
                    return false;
            }

            return true;
        });

    private void Hear(long incarnation = 1, double roundTripMs = 1, long connection = 0, double clockOffMs = double.NaN)
    {
        var now = _time.GetTimestamp();
        _board.Heard(Eu, Sample.Status(Eu, incarnation), now, now - (long)(roundTripMs / 1000 * _time.TimestampFrequency), connection, clockOffMs);
    }

    private void Hear(RegionStatus status)
    {
        var now = _time.GetTimestamp();
        _board.Heard(Eu, status, now, now - (long)(0.001 * _time.TimestampFrequency));
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
