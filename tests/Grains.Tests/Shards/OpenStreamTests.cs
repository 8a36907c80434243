using CsCheck;
using Meridian.Errors;
using Meridian.Grains.Shards.Streams;
using Meridian.Grains.Tests.Fakes;
using Meridian.Inference.Engines;
using Meridian.Inference.Engines.Generation.Contract;
using Meridian.Messages;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Meridian.Grains.Tests.Shards;

/// <summary>A shard's streams by themselves: offsets, leases, ends, on a clock that moves only when told.</summary>
public sealed class OpenStreamTests : IAsyncDisposable
{
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(5);

    private readonly FakeTimeProvider _time = new();
    private readonly TestGenerator _engine;
    private readonly ShardStreams _shard;
    private readonly TestGenerationStream _source;

    public OpenStreamTests()
    {
        var engines = new TestEngines();
        _engine = new TestGenerator(engines.Open("story"), new EngineOptions(), engines.Generators);
        _shard = new ShardStreams(new ShardKey("story", "v1", "fp32", 0, 0), _time, NullLogger.Instance);
        _source = new TestGenerationStream(_engine, new GenerationWork { Prompts = [new GenerationPrompt { Text = "Once" }] });
    }

    public ValueTask DisposeAsync() => _engine.DisposeAsync();

    [Fact]
    public async Task Reads_acknowledge_what_is_before_them_and_the_newest_frame_can_be_asked_for_again()
    {
        var open = Add();
        _source.Write(3);

        var first = (await PullAsync(open, 0)).Frame!;
        _source.Write(2);
        Assert.Equivalent(first, (await PullAsync(open, 0)).Frame);
        var second = (await PullAsync(open, first.Next)).Frame!;
        Assert.Equal((3L, 5L), (second.Offset, second.Next));
        Assert.Equivalent(second, (await PullAsync(open, 3)).Frame);

        Assert.Equal(RefusalCode.InvalidInput, (await PullAsync(open, 0)).Refusal!.Code);
        Assert.Equal(RefusalCode.InvalidInput, (await PullAsync(open, 99)).Refusal!.Code);
        _source.Write(1, end: true);
        var last = (await PullAsync(open, 5)).Frame!;
        Assert.True(last.End);
        Assert.True(_shard.IdleAsync().IsCompleted);
        Assert.Equivalent(last, (await PullAsync(open, 5)).Frame);
        Assert.False(_source.Cancelled.IsCompleted);
    }

    [Fact]
    public async Task A_read_that_finds_nothing_answers_empty_after_its_patience()
    {
        var open = Add();
        var pull = PullAsync(open, 0);

        _time.Advance(Poll);
        var frame = (await pull).Frame!;

        Assert.Equal((0L, 0L, false), (frame.Offset, frame.Next, frame.End));
        Assert.Empty(frame.Groups);
        _source.Write(1);
        Assert.Equal(1, (await PullAsync(open, 0)).Frame!.Next);
    }

    [Fact]
    public async Task Of_two_reads_the_later_one_counts()
    {
        var open = Add();
        var lost = PullAsync(open, 0);
        var again = PullAsync(open, 0);

        Assert.Empty((await lost).Frame!.Groups);
        Assert.False(again.IsCompleted);
        _source.Write(1);
        Assert.Equal(1, (await again).Frame!.Next);
    }

    [Fact]
    public async Task A_callers_token_ends_its_read_alone()
    {
        var open = Add();
        using var caller = new CancellationTokenSource();
        var pull = open.PullAsync(0, Poll, caller.Token);

        await caller.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => pull);
        Assert.False(_shard.IdleAsync().IsCompleted);
        _source.Write(1);
        Assert.Equal(1, (await PullAsync(open, 0)).Frame!.Next);
    }

    [Fact]
    public void A_stream_that_nobody_begins_to_read_is_closed_soon()
    {
        var open = Add();

        _time.Advance(OpenStream.FirstReadLease - TimeSpan.FromMilliseconds(1));
        Assert.Same(open, _shard.Find(open.Id));
        _time.Advance(TimeSpan.FromMilliseconds(1));

        Assert.True(_source.Cancelled.IsCompleted);
        Assert.Null(_shard.Find(open.Id));
        Assert.True(_shard.IdleAsync().IsCompleted);
    }

    [Fact]
    public async Task The_caller_who_waits_for_the_first_token_is_the_streams_reader()
    {
        var open = Add(deadlineMs: 600_000);
        var first = open.ReadFirstAsync(CancellationToken.None).AsTask();

        for (var waited = TimeSpan.Zero; waited < TimeSpan.FromMinutes(9.5); waited += Poll) _time.Advance(Poll);
        Assert.False(_source.Cancelled.IsCompleted);
        _source.Write(1);
        Assert.Equal(1, (await first).Next);

        // What follows the answer must be asked for soon.
        _time.Advance(OpenStream.FirstReadLease - TimeSpan.FromMilliseconds(1));
        Assert.Same(open, _shard.Find(open.Id));
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Null(_shard.Find(open.Id));
    }

    [Fact]
    public async Task The_deadline_ends_the_wait_for_the_first_token()
    {
        var open = Add(deadlineMs: 60_000);
        var first = open.ReadFirstAsync(CancellationToken.None).AsTask();

        _time.Advance(TimeSpan.FromMilliseconds(60_000));

        Assert.Equal(RefusalCode.Deadline, (await Assert.ThrowsAsync<MeridianException>(() => first)).Refusal.Code);
        Assert.True(_source.Cancelled.IsCompleted);
    }

    [Fact]
    public async Task A_stream_that_is_not_read_on_is_closed_later()
    {
        var open = Add();
        _source.Write(1);
        await PullAsync(open, 0);

        _time.Advance(OpenStream.ReaderLease - TimeSpan.FromMilliseconds(1));
        await PullAsync(open, 0);
        _time.Advance(OpenStream.ReaderLease - TimeSpan.FromMilliseconds(1));
        Assert.False(_source.Cancelled.IsCompleted);
        _time.Advance(TimeSpan.FromMilliseconds(1));

        Assert.True(_source.Cancelled.IsCompleted);
        Assert.Null(_shard.Find(open.Id));
    }

    [Fact]
    public void A_stream_taken_by_this_process_has_no_lease_and_leaves_at_its_end()
    {
        var open = Add();
        open.Take();

        _time.Advance(TimeSpan.FromMinutes(5));
        Assert.False(_shard.IdleAsync().IsCompleted);
        open.Close();

        Assert.True(_source.Cancelled.IsCompleted);
        Assert.Null(_shard.Find(open.Id));
        Assert.True(_shard.IdleAsync().IsCompleted);
    }

    [Fact]
    public async Task The_deadline_ends_the_wait_and_the_work()
    {
        var open = Add(deadlineMs: 1000);
        _source.Write(1);
        await PullAsync(open, 0);
        var pull = PullAsync(open, 1);

        _time.Advance(TimeSpan.FromMilliseconds(1000));

        Assert.Equal(RefusalCode.Deadline, (await pull).Refusal!.Code);
        Assert.True(_source.Cancelled.IsCompleted);
        Assert.True(_shard.IdleAsync().IsCompleted);

        // The reason can be asked for again, for a while.
        Assert.Equal(RefusalCode.Deadline, (await PullAsync(open, 1)).Refusal!.Code);
        _time.Advance(OpenStream.ReaderLease);
        Assert.Null(_shard.Find(open.Id));
    }

    [Fact]
    public async Task Whoever_waits_for_the_shard_to_be_idle_waits_for_every_stream()
    {
        var read = Add();
        var other = Add();
        var idle = _shard.IdleAsync();
        _source.Write(1, end: true);
        await PullAsync(read, 0);
        Assert.False(idle.IsCompleted);

        other.End(new Refusal { Code = RefusalCode.NotReady, Message = "unloaded" });

        await idle.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.True(_shard.IdleAsync().IsCompleted);
    }

    [Fact]
    public void A_second_stream_of_the_same_name_closes_the_first()
    {
        var first = Add();
        var second = _shard.Add(first.Id, new TestGenerationStream(_engine, _source.Work), _engine.Tokenizer, 30_000);

        Assert.True(_source.Cancelled.IsCompleted);
        Assert.Same(second, _shard.Find(first.Id));
        Assert.False(_shard.IdleAsync().IsCompleted);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_stream_whose_reader_is_gone_is_closed_whichever_comes_first(bool offeredFirst)
    {
        var handovers = new Handovers();
        var handover = handovers.Expect();
        var open = _shard.Add(handover.Id, _source, _engine.Tokenizer, 30_000);

        if (offeredFirst)
        {
            Assert.Equal(HandoverOutcome.Given, handovers.Offer(open));
            handover.Dispose();
            Assert.True(_source.Cancelled.IsCompleted);
        }
        else
        {
            handover.Dispose();
            Assert.Equal(HandoverOutcome.ReaderGone, handovers.Offer(open));
        }
    }

    [Fact]
    public void A_stream_of_another_process_is_not_handed_over() => Assert.Equal(HandoverOutcome.NobodyHere, new Handovers().Offer(Add()));

    [Fact]
    public void A_stream_taken_from_its_handover_is_the_readers()
    {
        var handovers = new Handovers();
        var handover = handovers.Expect();
        var open = _shard.Add(handover.Id, _source, _engine.Tokenizer, 30_000);
        Assert.Equal(HandoverOutcome.Given, handovers.Offer(open));

        Assert.Same(open, handover.Take());
        handover.Dispose();

        Assert.False(_source.Cancelled.IsCompleted);
        Assert.False(_shard.IdleAsync().IsCompleted);
    }

    [Fact]
    public async Task Whatever_happens_a_stream_ends_once_and_nothing_is_read_twice_or_lost() =>
        await Gen.Int[0, 6].Array[1, 40].SampleAsync(
            async steps =>
            {
                await using var test = new OpenStreamTests();
                var open = test.Add(deadlineMs: 60_000);
                var next = 0L;
                var over = false;
                foreach (var step in steps)
                {
                    switch (step)
                    {
                        case 0:
                            test._source.Write(2);
                            break;
                        case 1 or 2 or 3:
                            var pull = PullAsync(open, next);
                            test._time.Advance(Poll);
                            var reply = await pull;
                            if (reply.Frame is { } frame)
                            {
                                Assert.Equal(next, frame.Offset);
                                Assert.Equal(Enumerable.Range((int)next, (int)(frame.Next - next)), frame.Groups.SelectMany(g => g.TokenIds));
                                next = frame.Next;
                                over |= frame.End;
                            }
                            else
                            {
                                over = true;
                            }

                            break;
                        case 4:
                            test._time.Advance(TimeSpan.FromSeconds(7));
                            break;
                        case 5:
                            open.End(new Refusal { Code = RefusalCode.NotReady, Message = "unloaded" });
                            break;
                        default:
                            test._source.Write(1, end: true);
                            break;
                    }

                    if (over) Assert.True(test._shard.IdleAsync().IsCompleted);
                }

                open.Close();
                open.Close();
                Assert.True(test._shard.IdleAsync().IsCompleted);
                Assert.Null(test._shard.Find(open.Id));
                Assert.True(test._source.Over);
                Assert.True(test._shard.IdleAsync().IsCompleted);
            },
            iter: 500,
            threads: 1);

    [Fact]
    public async Task Reads_in_this_process_say_why_there_is_no_more()
    {
        var open = Add();
        _source.Write(1);
        Assert.Equal(1, (await open.ReadAsync(0, default)).Next);
        var read = open.ReadAsync(1, default).AsTask();

        open.End(new Refusal { Code = RefusalCode.RegionLost, Message = "stopping" });

        Assert.Equal(RefusalCode.RegionLost, (await Assert.ThrowsAsync<MeridianException>(() => read)).Refusal.Code);
        Assert.Equal(RefusalCode.RegionLost, (await Assert.ThrowsAsync<MeridianException>(() => open.ReadAsync(1, default).AsTask())).Refusal.Code);
    }

    private OpenStream Add(int deadlineMs = 600_000) =>
        _shard.Add(Guid.NewGuid(), _shard.IdleAsync().IsCompleted ? _source : new TestGenerationStream(_engine, _source.Work), _engine.Tokenizer, deadlineMs);

    private static Task<StreamReply> PullAsync(OpenStream open, long offset) => open.PullAsync(offset, Poll, CancellationToken.None);
}
