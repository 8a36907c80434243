using CsCheck;
using Meridian.Federation.Availability;
using Meridian.Routing.Attempts;
using Meridian.Routing.Snapshots;
using Microsoft.Extensions.Time.Testing;

namespace Meridian.Federation.Tests.Availability;

/// <summary>Breaker and slow start of one region on a clock that moves only when told.</summary>
public sealed class RegionAvailabilityTests
{
    private static readonly AvailabilityOptions Options = new();
    private readonly FakeTimeProvider _time = new();
    private readonly RegionAvailability _region;

    public RegionAvailabilityTests()
    {
        _region = Of(Options, _time);
        _region.Begin(1, returned: false, _time.GetTimestamp());
    }

    [Fact]
    public void Half_of_ten_failed_opens_and_nine_say_nothing()
    {
        Report(AttemptOutcome.Answered, 5);
        Report(AttemptOutcome.Faulted, 4);
        Assert.Equal(BreakerState.Closed, _region.Breaker);

        Assert.True(_region.Report(1, AttemptOutcome.Lost));

        Assert.Equal(BreakerState.Open, _region.Breaker);
        Assert.Equal(Options.SlowStartFloor, Weight);
    }

    [Theory]
    [InlineData((int)AttemptOutcome.Faulted)]
    [InlineData((int)AttemptOutcome.Lost)]
    [InlineData((int)AttemptOutcome.TimedOut)]
    public void Every_kind_of_failure_counts(int outcome)
    {
        Report((AttemptOutcome)outcome, 10);

        Assert.Equal(BreakerState.Open, _region.Breaker);
    }

    [Fact]
    public void Failures_that_lie_apart_do_not_open()
    {
        for (var i = 0; i < 50; i++)
        {
            Report(AttemptOutcome.Faulted, 1);
            _time.Advance(TimeSpan.FromSeconds(2));
        }

        Assert.Equal(BreakerState.Closed, _region.Breaker);
    }

    [Fact]
    public void It_is_tried_again_and_closes_after_answers_in_a_row_and_then_warms_up()
    {
        Open();
        Assert.False(_region.Advance(_time.GetTimestamp()));
        _time.Advance(Options.Break);

        Assert.True(_region.Advance(_time.GetTimestamp()));
        Assert.Equal(BreakerState.HalfOpen, _region.Breaker);
        Report(AttemptOutcome.Answered, Options.Probes - 1);
        Assert.Equal((BreakerState.HalfOpen, Options.SlowStartFloor), (_region.Breaker, Weight));
        Report(AttemptOutcome.Answered, 1);

        Assert.Equal((BreakerState.Closed, Options.SlowStartFloor), (_region.Breaker, Weight));
        _time.Advance(Options.SlowStart / 2);
        Assert.Equal(0.5, Weight, 6);
        _time.Advance(Options.SlowStart / 2);
        Assert.Equal(1, Weight);
    }

    [Fact]
    public void A_failed_trial_opens_it_for_twice_as_long_up_to_the_bound_and_a_closed_one_begins_anew()
    {
        Open();
        var expected = Options.Break;
        for (var trial = 0; trial < 8; trial++)
        {
            Assert.Equal(expected, TimeUntilTried());
            Report(AttemptOutcome.Answered, Options.Probes - 1);
            Report(AttemptOutcome.TimedOut, 1);
            Assert.Equal(BreakerState.Open, _region.Breaker);
            expected = expected * 2 < Options.MaxBreak ? expected * 2 : Options.MaxBreak;
        }

        TimeUntilTried();
        Report(AttemptOutcome.Answered, Options.Probes);
        Open();

        Assert.Equal(Options.Break, TimeUntilTried());
    }

    [Fact]
    public void What_had_begun_before_it_opened_says_nothing_new()
    {
        Open();

        Report(AttemptOutcome.Answered, 20);
        Report(AttemptOutcome.Lost, 20);

        Assert.Equal(BreakerState.Open, _region.Breaker);
        Assert.Equal(Options.Break, TimeUntilTried());
    }

    [Fact]
    public void An_outcome_after_the_break_counts_as_a_trial_though_nobody_looked()
    {
        Open();
        _time.Advance(Options.Break);

        Report(AttemptOutcome.Answered, Options.Probes);

        Assert.Equal(BreakerState.Closed, _region.Breaker);
    }

    [Fact]
    public void A_new_incarnation_starts_closed_and_gently_and_reports_of_the_old_one_are_ignored()
    {
        Open();

        _region.Begin(2, returned: true, _time.GetTimestamp());

        Assert.Equal((BreakerState.Closed, Options.SlowStartFloor), (_region.Breaker, Weight));
        Report(AttemptOutcome.Lost, 100);
        Assert.Equal(BreakerState.Closed, _region.Breaker);
    }

    [Fact]
    public void The_same_process_heard_again_keeps_its_breaker()
    {
        Open();

        _region.Begin(1, returned: true, _time.GetTimestamp());

        Assert.Equal(BreakerState.Open, _region.Breaker);
    }

    [Fact]
    public void A_wall_clock_that_is_set_back_does_not_keep_it_open()
    {
        var time = new SteppingTime(_time);
        var region = Of(Options, time);
        region.Begin(1, returned: false, time.GetTimestamp());
        for (var i = 0; i < 10; i++)
            region.Report(1, AttemptOutcome.Lost);
        Assert.Equal(BreakerState.Open, region.Breaker);

        time.Offset = TimeSpan.FromHours(-5);
        _time.Advance(Options.Break);

        Assert.True(region.Advance(time.GetTimestamp()));
        for (var i = 0; i < Options.Probes; i++)
            region.Report(1, AttemptOutcome.Answered);
        Assert.Equal(BreakerState.Closed, region.Breaker);
    }

    [Fact]
    public void A_closed_breaker_counts_without_garbage()
    {
        // The warm-up compiles, fills the pools and makes the sampling window's first bucket; the clock stands, so no further bucket is due.
        Report(AttemptOutcome.Answered, 30_000);
        Report(AttemptOutcome.Faulted, 1000);
        var before = GC.GetAllocatedBytesForCurrentThread();

        for (var i = 0; i < 10_000; i++)
            _region.Report(1, i % 10 == 0 ? AttemptOutcome.Faulted : AttemptOutcome.Answered);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(BreakerState.Closed, _region.Breaker);
    }

    [Fact]
    public void Reports_from_many_threads_open_it_once()
    {
        var changes = 0;

        Parallel.For(0, 10_000, _ =>
        {
            if (_region.Report(1, AttemptOutcome.Lost))
                Interlocked.Increment(ref changes);
        });

        Assert.Equal((BreakerState.Open, 1), (_region.Breaker, changes));
    }

    [Fact]
    public void Answers_alone_never_open_it_and_the_weight_is_a_share() =>
        Gen.Select(Gen.OneOf(Gen.Const(-1), Gen.Int[0, 20_000]).Array[1, 200], Gen.Double[0.01, 1], Gen.Double[0.05, 20], Gen.Int[0, 20]).Sample((steps, floor, aggression, slowStart) =>
        {
            var time = new FakeTimeProvider();
            var region = Of(new AvailabilityOptions { SlowStart = TimeSpan.FromSeconds(slowStart), SlowStartFloor = floor, SlowStartAggression = aggression }, time);
            region.Begin(1, returned: true, time.GetTimestamp());
            var last = 0.0;
            foreach (var step in steps)
            {
                if (step < 0)
                    region.Report(1, AttemptOutcome.Answered);
                else
                    time.Advance(TimeSpan.FromMilliseconds(step));
                var weight = region.Weight(time.GetTimestamp());
                if (region.Breaker != BreakerState.Closed || weight is not (> 0 and <= 1) || weight < last)
                    return false;
                last = weight;
            }

            return true;
        });

    [Fact]
    public void Whatever_is_reported_it_opens_only_after_enough_failures_and_the_weight_stays_a_share() =>
        Gen.Select(Gen.Enum<AttemptOutcome>(), Gen.Int[0, 3000]).Array[1, 300].Sample(steps =>
        {
            var time = new FakeTimeProvider();
            var region = Of(Options, time);
            region.Begin(1, returned: false, time.GetTimestamp());
            var (total, failures) = (0, 0);
            foreach (var (outcome, pause) in steps)
            {
                var before = region.Breaker;
                total++;
                failures += outcome == AttemptOutcome.Answered ? 0 : 1;
                var changed = region.Report(1, outcome);
                if (changed != (before != region.Breaker)
                    || (before == BreakerState.Closed && region.Breaker == BreakerState.Open && (outcome == AttemptOutcome.Answered || total < Options.MinimumThroughput || failures < Options.MinimumThroughput * Options.FailureRatio))
                    || (outcome == AttemptOutcome.Answered && region.Breaker == BreakerState.Open && before != BreakerState.Open)
                    || region.Weight(time.GetTimestamp()) is not (> 0 and <= 1))
                    return false;
                time.Advance(TimeSpan.FromMilliseconds(pause));
                region.Advance(time.GetTimestamp());
            }

            return true;
        });

    private double Weight => _region.Weight(_time.GetTimestamp());

    private static RegionAvailability Of(AvailabilityOptions options, TimeProvider time) => new(options, time, new MonotonicTime(time));

    private void Open()
    {
        Report(AttemptOutcome.Lost, 10);
        Assert.Equal(BreakerState.Open, _region.Breaker);
    }

    private void Report(AttemptOutcome outcome, int times)
    {
        for (var i = 0; i < times; i++)
            _region.Report(1, outcome);
    }

    private TimeSpan TimeUntilTried()
    {
        var passed = TimeSpan.Zero;
        for (; !_region.Advance(_time.GetTimestamp()); passed += TimeSpan.FromMilliseconds(100))
        {
            Assert.True(passed < TimeSpan.FromMinutes(5), "The breaker was never tried again.");
            _time.Advance(TimeSpan.FromMilliseconds(100));
        }

        return passed;
    }
}
