using CsCheck;
using Meridian.Inference.Engines.Generation.Contract;
using Meridian.Inference.Engines.Generation.Streams;

namespace Meridian.Inference.Tests.Engines.Generation;

public sealed class GenerationStreamTests : IStreamHost
{
    private int _woken;
    private int _cancelled;

    long IStreamHost.StepsDone => 7;

    TimeProvider IStreamHost.Time => TimeProvider.System;

    void IStreamHost.Wake() => _woken++;

    void IStreamHost.Cancelled() => _cancelled++;

    [Fact]
    public async Task Tokens_of_a_choice_come_as_one_group_and_the_newest_frame_may_be_read_again()
    {
        var stream = Stream(choices: 2);
        Append(stream, 0, 0, 10, "a");
        Append(stream, 1, 0, 20, "x");
        Append(stream, 0, 1, 11, "b");
        var frame = await stream.ReadAsync(0, CancellationToken.None);
        Assert.Equal((0L, 3L, false), (frame.Offset, frame.Next, frame.End));
        Assert.Equal([(0, 0, "ab"), (1, 0, "x")], frame.Groups.Select(g => (g.Choice, g.Position, g.Text)));
        Assert.Equal([10, 11], frame.Groups[0].TokenIds);

        Append(stream, 1, 1, 21, "y", GenerationFinish.Stop);
        var again = await stream.ReadAsync(0, CancellationToken.None);
        Assert.Equal(4, again.Next);
        Append(stream, 0, 2, 12, "c", GenerationFinish.Length);
        var rest = await stream.ReadAsync(4, CancellationToken.None);
        Assert.Equal((4L, 5L, true), (rest.Offset, rest.Next, rest.End));
        Assert.Equal(GenerationFinish.Length, rest.Groups[0].Finish);
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await stream.ReadAsync(0, CancellationToken.None));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await stream.ReadAsync(6, CancellationToken.None));
        var end = await stream.ReadAsync(5, CancellationToken.None);
        Assert.True(end.End);
        Assert.Empty(end.Groups);
    }

    [Fact]
    public async Task A_full_ring_has_no_room_until_its_reader_moves_on_and_then_wakes_the_engine_once()
    {
        var stream = Stream(capacity: 2);
        Append(stream, 0, 0, 1, "a");
        Assert.True(stream.TryReserve());
        Assert.False(stream.TryReserve());
        stream.Append(new TokenEvent(0, 1, 2, "b", null, null));
        Assert.False(stream.HasRoom());
        await stream.ReadAsync(0, CancellationToken.None);
        Assert.Equal(0, _woken);
        var read = stream.ReadAsync(2, CancellationToken.None);
        Assert.Equal(1, _woken);
        Assert.False(read.IsCompleted);
        Append(stream, 0, 2, 3, "c", GenerationFinish.Stop);
        stream.Signal();
        Assert.True((await read).End);
        Assert.Equal(1, _woken);
    }

    [Fact]
    public async Task A_wait_ends_by_its_token_and_the_stream_goes_on()
    {
        var stream = Stream();
        using var cancellation = new CancellationTokenSource();
        var read = stream.ReadAsync(0, cancellation.Token);
        await cancellation.CancelAsync();
        Assert.Equal(cancellation.Token, (await Assert.ThrowsAsync<OperationCanceledException>(async () => await read)).CancellationToken);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await stream.ReadAsync(0, cancellation.Token));
        var next = stream.ReadAsync(0, CancellationToken.None);
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await stream.ReadAsync(0, CancellationToken.None));
        Append(stream, 0, 0, 1, "a");
        stream.Signal();
        Assert.Equal(1, (await next).Next);
        Assert.Equal(0, _cancelled);
    }

    [Fact]
    public async Task Cancelling_ends_the_wait_and_every_later_one()
    {
        var stream = Stream();
        var read = stream.ReadAsync(0, CancellationToken.None);
        stream.Cancel();
        stream.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await read);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await stream.ReadAsync(0, CancellationToken.None));
        Assert.Equal((1, 7L), (_cancelled, stream.Cancellation.Steps));

        var ended = Stream();
        Append(ended, 0, 0, 1, "a", GenerationFinish.Stop);
        ended.Cancel();
        Assert.True((await ended.ReadAsync(0, CancellationToken.None)).End);
        Assert.Equal(1, _cancelled);
    }

    [Fact]
    public async Task A_failure_comes_after_the_tokens_that_came_before_it()
    {
        var stream = Stream();
        Append(stream, 0, 0, 1, "a");
        stream.Fail(new InvalidOperationException("broken"));
        Append(stream, 0, 1, 2, "b");
        Assert.Equal(1, (await stream.ReadAsync(0, CancellationToken.None)).Next);
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await stream.ReadAsync(1, CancellationToken.None));

        var waited = Stream();
        var read = waited.ReadAsync(0, CancellationToken.None);
        waited.Fail(new InvalidOperationException("broken"));
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await read);
    }

    [Fact]
    public async Task Whatever_the_pace_of_both_sides_nothing_is_lost_or_repeated()
    {
        await Gen.Select(Gen.Int[1, 4], Gen.Int[1, 20], Gen.Int[1, 200], Gen.Int[0, int.MaxValue]).SampleAsync(
            async (choices, capacity, tokens, seed) =>
            {
                var stream = new GenerationStream(this, new GenerationHead { PromptIds = [] }, choices, choices, capacity);
                var writer = Task.Run(() =>
                {
                    var random = new Random(seed);
                    var positions = new int[choices];
                    for (var i = 0; i < tokens;)
                    {
                        if (!stream.TryReserve())
                        {
                            Thread.Yield();
                            continue;
                        }

                        var choice = tokens - i <= choices ? tokens - i - 1 : random.Next(choices);
                        var finish = tokens - i <= choices ? GenerationFinish.Stop : (GenerationFinish?)null;
                        stream.Append(new TokenEvent(choice, positions[choice], (choice * 1000) + positions[choice], "t", null, finish));
                        positions[choice]++;
                        i++;
                        if (random.Next(3) == 0 || finish is not null)
                            stream.Signal();
                        if (i % capacity == 0)
                            stream.Signal();
                    }

                    stream.Signal();
                });
                if (tokens >= choices)
                {
                    var generated = await Generated.ReadAsync(stream, choices);
                    Assert.Equal(tokens, generated.Tokens);
                    for (var choice = 0; choice < choices; choice++)
                        Assert.Equal(Enumerable.Range(choice * 1000, generated.Ids(choice).Length), generated.Ids(choice));
                }
                else
                {
                    stream.Cancel();
                }

                await writer;
            },
            iter: 200);
    }

    private GenerationStream Stream(int choices = 1, int capacity = 8) => new(this, new GenerationHead { PromptIds = [] }, choices, choices, capacity);

    private static void Append(GenerationStream stream, int choice, int position, int id, string text, GenerationFinish? finish = null)
    {
        Assert.True(stream.TryReserve());
        stream.Append(new TokenEvent(choice, position, id, text, null, finish));
    }
}
