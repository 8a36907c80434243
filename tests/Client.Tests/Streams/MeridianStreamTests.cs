using Meridian.Client.Regions;
using Meridian.Client.Streams;
using Meridian.Client.Tests.Harness;
using Meridian.Errors;
using Meridian.Messages;

namespace Meridian.Client.Tests.Streams;

/// <summary>Streams over grain calls, and what ends them.</summary>
public sealed class MeridianStreamTests(ThreeRegions regions) : RegionsTest(regions)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private RegionScript East => Regions.East.Script;

    [Fact]
    public async Task Frames_come_in_order_to_the_end()
    {
        East.Write = s =>
        {
            s.Emit("Once");
            s.Emit(" upon");
            s.EmitNothing();
            s.Emit(" a time", FinishReason.Stop);
        };
        await using var client = await new TestClient([Regions.East]).AllAliveAsync();

        await using var stream = await client.OpenAsync();
        var text = "";
        await foreach (var frame in stream.ReadAllAsync())
            text += frame.Groups.Single().Text;

        Assert.Equal("Once upon a time", text);
        Assert.Null(await stream.ReadAsync());
        Assert.Equal(("eastus", "stories", "v1@test", "fp32"), (stream.Head.Region, stream.Head.Model, stream.Head.Version, stream.Head.Variant));
        var script = Assert.Single(East.Streams);
        Assert.Equal(stream.RequestId, script.Request.RequestId);
        Assert.NotEqual("", stream.RequestId);
        Assert.Equal([4, 9, 9], script.Reads);
        Assert.Empty(stream.GetResume().Resume!);
        await stream.DisposeAsync();
        Assert.False(script.Closed.IsCompleted);
        Assert.Equal(0, client.Client.Regions[0].InFlight);
    }

    [Fact]
    public async Task The_next_frame_travels_while_the_caller_works_on_one_and_no_further()
    {
        East.Write = s =>
        {
            s.Emit("a");
            s.Emit("b");
            s.Emit("c");
        };
        await using var client = await new TestClient([Regions.East]).AllAliveAsync();
        await using var stream = await client.OpenAsync();
        var script = Assert.Single(East.Streams);
        await script.FirstRead.WaitAsync(Patience);
        // The second frame may have arrived meanwhile; nothing more is asked for before it is taken.
        Assert.Equal("a", (await stream.ReadAsync())!.Groups[0].Text);
        await client.Client.GetClusterClient("eastus").GetGrain<Meridian.Grains.IRegionEndpoint>(0).Status();

        Assert.Equal([1], script.Reads);
        Assert.Equal("b", (await stream.ReadAsync())!.Groups[0].Text);
        Assert.Equal("c", (await stream.ReadAsync())!.Groups[0].Text);
        Assert.Equal(1, script.MostReading);
    }

    [Fact]
    public async Task A_token_ends_the_wait_and_not_the_stream()
    {
        East.Write = s => s.Emit("a");
        await using var client = await new TestClient([Regions.East]).AllAliveAsync();
        await using var stream = await client.OpenAsync();
        await stream.ReadAsync();
        using var impatience = new CancellationTokenSource();
        var waiting = stream.ReadAsync(impatience.Token).AsTask();

        await impatience.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.WaitAsync(Patience));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => stream.ReadAsync(impatience.Token).AsTask());
        Assert.Single(East.Streams).Emit("b", FinishReason.Length);
        Assert.Equal("b", (await stream.ReadAsync())!.Groups[0].Text);
    }

    [Fact]
    public async Task Leaving_a_stream_closes_it_at_its_shard()
    {
        East.Write = s => s.Emit("a");
        await using var client = await new TestClient([Regions.East]).AllAliveAsync();
        await using (var stream = await client.OpenAsync())
        {
            await stream.ReadAsync();
            Assert.Equal(1, client.Client.Regions[0].InFlight);
            await stream.DisposeAsync();
            await Assert.ThrowsAsync<ObjectDisposedException>(() => stream.ReadAsync().AsTask());
        }

        Assert.True(Assert.Single(East.Streams).Closed.IsCompleted);
        Assert.Equal(0, client.Client.Regions[0].InFlight);
    }

    [Fact]
    public async Task A_stream_that_is_never_read_is_closed_too()
    {
        East.Write = s => s.Emit("a");
        await using var client = await new TestClient([Regions.East]).AllAliveAsync();
        await (await client.OpenAsync()).DisposeAsync();

        Assert.True(Assert.Single(East.Streams).Closed.IsCompleted);
    }

    [Fact]
    public async Task A_shard_that_does_not_answer_does_not_hold_the_disposal()
    {
        var never = new TaskCompletionSource();
        East.Write = s => s.Emit("a");
        East.Closing = never.Task;
        await using var client = await new TestClient([Regions.East]).AllAliveAsync();
        var stream = await client.OpenAsync();

        await stream.DisposeAsync().AsTask().WaitAsync(Patience);

        never.SetResult();
        Assert.True(Assert.Single(East.Streams).Closed.IsCompleted);
    }

    [Fact]
    public async Task A_region_that_is_killed_ends_the_stream_and_leaves_what_is_needed_to_go_on()
    {
        East.Write = s =>
        {
            s.Emit("ab", choice: 0);
            s.Emit("xyz", FinishReason.Stop, choice: 1, end: false);
        };
        await using var client = await new TestClient([Regions.East], o => o.WaitForRegion = TimeSpan.FromMilliseconds(100)).AllAliveAsync();
        await using var stream = await client.Client.OpenAsync(TestClient.Generation(choices: 3));
        await stream.ReadAsync();
        await stream.ReadAsync();
        var waiting = stream.ReadAsync().AsTask();

        Regions.East.Distance.Kill();

        var error = await Assert.ThrowsAsync<MeridianException>(() => waiting.WaitAsync(Patience));
        Assert.Equal(RefusalCode.RegionLost, error.Refusal.Code);
        Assert.Contains("eastus", error.Message, StringComparison.Ordinal);
        Assert.Equal(RefusalCode.RegionLost, (await Assert.ThrowsAsync<MeridianException>(() => stream.ReadAsync().AsTask())).Refusal.Code);
        var input = stream.GetResume();
        var resume = input.Resume!;
        Assert.Equal([0, 2], resume.Select(r => r.Choice));
        Assert.Equal([[.. "ab".Select(c => (int)c)], []], resume.Select(r => r.TokenIds));
        Assert.Equal([[1, 2, 3]], input.Prompts.Select(p => p.TokenIds));
        Assert.Equal((3, 512), (input.ChoicesPerPrompt, input.ContextLength));
        await stream.DisposeAsync().AsTask().WaitAsync(Patience);
    }

    [Fact]
    public async Task A_region_that_hangs_ends_the_stream_and_does_not_hold_its_disposal()
    {
        East.Write = s => s.Emit("a");
        await using var client = await new TestClient([Regions.East], o => (o.PingTimeout, o.WaitForRegion) = (TimeSpan.FromMilliseconds(250), TimeSpan.FromMilliseconds(100))).AllAliveAsync();
        await using var stream = await client.OpenAsync();
        await using var other = await client.OpenAsync();
        await stream.ReadAsync();
        var waiting = stream.ReadAsync().AsTask();

        Regions.East.Distance.Freeze();

        await other.DisposeAsync().AsTask().WaitAsync(Patience);
        Assert.Equal(RefusalCode.RegionLost, (await Assert.ThrowsAsync<MeridianException>(() => waiting.WaitAsync(Patience))).Refusal.Code);
        await stream.DisposeAsync().AsTask().WaitAsync(Patience);
    }

    [Fact]
    public async Task A_stream_whose_socket_broke_is_closed_through_the_next_one()
    {
        East.Write = s => s.Emit("a");
        await using var client = await new TestClient([Regions.East]).AllAliveAsync();
        var stream = await client.OpenAsync();
        var lost = client.Client.Regions[0].Lost;
        Regions.East.Distance.Reset();
        await client.UntilAsync("lost and back", r => lost.IsCancellationRequested && r[0].State == RegionConnectionState.Alive);
        var script = Assert.Single(East.Streams);
        Assert.False(script.Closed.IsCompleted);

        await stream.DisposeAsync();

        await script.Closed.WaitAsync(Patience);
    }

    [Theory]
    [InlineData(RefusalCode.NoCapacity)]
    [InlineData(RefusalCode.NotReady)]
    [InlineData(RefusalCode.RegionLost)]
    public async Task Before_the_first_frame_a_region_that_refuses_is_left_for_the_next(RefusalCode code)
    {
        await using var client = await new TestClient(Regions.All, o => o.HomeRegion = "eastus").AllAliveAsync();
        East.Refuse(code);
        Regions.Europe.Script.Write = Regions.Asia.Script.Write = s => s.Emit("a", FinishReason.Stop);

        await using var stream = await client.OpenAsync();

        Assert.NotEqual("eastus", stream.Head.Region);
        var first = Assert.Single(East.Requests);
        Assert.Equal(first.RequestId, stream.RequestId);
    }

    [Fact]
    public async Task Before_the_first_frame_a_region_that_is_killed_is_left_for_the_next()
    {
        await using var client = await new TestClient(Regions.All, o => o.HomeRegion = "eastus").AllAliveAsync();
        Regions.Europe.Script.Write = Regions.Asia.Script.Write = s => s.Emit("a", FinishReason.Stop);
        var arrived = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        East.Write = _ => arrived.SetResult();
        var opening = client.OpenAsync();
        await arrived.Task.WaitAsync(Patience);

        Regions.East.Distance.Kill();

        await using var stream = await opening.WaitAsync(Patience);
        Assert.NotEqual("eastus", stream.Head.Region);
    }

    [Fact]
    public async Task Residency_is_kept()
    {
        Regions.Europe.Distance.Delay = TimeSpan.FromMilliseconds(20);
        Regions.Europe.Script.Write = s => s.Emit("a", FinishReason.Stop);
        await using var client = await new TestClient(Regions.All).AllAliveAsync();

        await using var stream = await client.Client.OpenAsync(TestClient.Generation() with { Residency = ["eu"] });

        Assert.Equal("westeurope", stream.Head.Region);
        Assert.Equal(["eu"], Assert.Single(Regions.Europe.Script.Requests).Residency!);
    }

    [Fact]
    public async Task The_deadline_passes_while_the_first_frame_is_waited_for()
    {
        await using var client = await new TestClient([Regions.East], o => o.Deadline = TimeSpan.FromMilliseconds(200)).AllAliveAsync();

        var error = await Assert.ThrowsAsync<MeridianException>(() => client.OpenAsync().WaitAsync(Patience));

        Assert.Equal(RefusalCode.Deadline, error.Refusal.Code);
    }

    [Fact]
    public async Task The_deadline_to_the_first_frame_does_not_cut_the_stream()
    {
        East.Write = s => s.Emit("a");
        await using var client = await new TestClient([Regions.East], o =>
        {
            o.Deadline = TimeSpan.FromMinutes(1);
            o.StreamDeadline = TimeSpan.FromMinutes(2);
        }).AllAliveAsync();

        await using var stream = await client.OpenAsync();
        await using var sooner = await client.OpenAsync(30_000);

        Assert.InRange(East.Streams.First().Request.RemainingMs, 60_001, 120_000);
        Assert.InRange(East.Streams.Last().Request.RemainingMs, 1, 30_000);
    }

    [Fact]
    public async Task The_stream_ends_with_its_own_deadline_and_is_closed()
    {
        East.Write = s => s.Emit("a");
        var time = new HeldTimers(TimeSpan.FromHours(1));
        await using var client = await new TestClient([Regions.East], o => o.StreamDeadline = TimeSpan.FromHours(2), time).AllAliveAsync();
        var stream = await client.OpenAsync();
        await stream.ReadAsync();
        var waiting = stream.ReadAsync().AsTask();

        time.Pass(TimeSpan.FromHours(2));

        var error = await Assert.ThrowsAsync<MeridianException>(() => waiting.WaitAsync(Patience));
        Assert.Equal(RefusalCode.Deadline, error.Refusal.Code);
        Assert.Contains("7200000 ms", error.Message, StringComparison.Ordinal);
        await stream.DisposeAsync();
        Assert.True(Assert.Single(East.Streams).Closed.IsCompleted);
    }

    [Fact]
    public async Task A_caller_who_pauses_keeps_the_stream_by_reading_again_what_waits()
    {
        East.Write = s =>
        {
            s.Emit("a");
            s.Emit("b");
        };
        var time = new HeldTimers(MeridianStream.RenewEvery);
        await using var client = await new TestClient([Regions.East], time: time).AllAliveAsync();
        await using var stream = await client.OpenAsync();
        var script = Assert.Single(East.Streams);
        using var patience = new CancellationTokenSource(Patience);
        while (script.Reads.IsEmpty)
        {
            patience.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }

        while (script.Reads.Count < 2)
        {
            // Until the frame has arrived here there is nothing to renew.
            patience.Token.ThrowIfCancellationRequested();
            time.Pass(MeridianStream.RenewEvery);
            await Task.Yield();
        }

        Assert.Equal(script.Reads.First(), script.Reads.Last());
        Assert.Equal("a", (await stream.ReadAsync())!.Groups[0].Text);
        Assert.Equal("b", (await stream.ReadAsync())!.Groups[0].Text);
    }

    [Fact]
    public async Task A_shard_that_says_nothing_for_long_is_lost()
    {
        East.Write = s => s.Emit("a");
        var time = new HeldTimers(LiveConnection.ReadLimit);
        await using var client = await new TestClient([Regions.East], time: time).AllAliveAsync();
        await using var stream = await client.OpenAsync();
        await stream.ReadAsync();
        await Assert.Single(East.Streams).FirstRead.WaitAsync(Patience);
        var waiting = stream.ReadAsync().AsTask();

        time.Pass(LiveConnection.ReadLimit);

        // The region as a whole stands, and another replica of it goes on.
        Assert.Equal((1L, 2L), await waiting.WaitAsync(Patience) is { } frame ? (frame.Offset, frame.Next) : default);
        Assert.Equal(RegionConnectionState.Alive, client.Client.Regions[0].State);
        Assert.Equal(2, East.Streams.Count);
        await East.Streams.First().Closed.WaitAsync(Patience);
    }

    [Fact]
    public async Task A_refusal_in_mid_stream_is_thrown_as_it_came()
    {
        East.Write = s => s.Emit("a");
        await using var client = await new TestClient([Regions.East]).AllAliveAsync();
        await using var stream = await client.OpenAsync();
        var script = Assert.Single(East.Streams);
        script.Fail(RefusalCode.Internal);
        Assert.Equal("a", (await stream.ReadAsync())!.Groups[0].Text);

        var error = await Assert.ThrowsAsync<MeridianException>(() => stream.ReadAsync().AsTask());

        Assert.Equal((RefusalCode.Internal, "eastus says Internal"), (error.Refusal.Code, error.Message));
        await stream.DisposeAsync();
        // It has ended by itself.
        Assert.False(script.Closed.IsCompleted);
    }

    [Fact]
    public async Task A_gap_is_no_answer()
    {
        East.Write = s =>
        {
            s.Emit("a");
            s.Emit([new TokenGroup { Choice = 0, Position = 3, TokenIds = [9], Text = "z" }], false, offset: 3);
        };
        await using var client = await new TestClient([Regions.East]).AllAliveAsync();
        await using var stream = await client.OpenAsync();
        await stream.ReadAsync();

        var error = await Assert.ThrowsAsync<MeridianException>(() => stream.ReadAsync().AsTask());

        Assert.Equal(RefusalCode.Internal, error.Refusal.Code);
        Assert.Contains("begins at 3", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_callers_token_ends_the_opening()
    {
        await using var client = await new TestClient([Regions.East]).AllAliveAsync();
        using var impatience = new CancellationTokenSource();
        var cancelled = new TaskCompletionSource();
        East.Open = async (_, token) =>
        {
            await using var registration = token.Register(cancelled.SetResult);
            await impatience.CancelAsync();
            await cancelled.Task;
            return StreamReply.Refuse(RefusalCode.Cancelled, "cancelled");
        };

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client.OpenAsync(cancellationToken: impatience.Token).WaitAsync(Patience));

        await cancelled.Task.WaitAsync(Patience);
    }

    [Fact]
    public async Task A_client_that_stops_ends_its_streams()
    {
        East.Write = s => s.Emit("a");
        var client = await new TestClient([Regions.East]).AllAliveAsync();
        var stream = await client.OpenAsync();
        await stream.ReadAsync();
        var waiting = stream.ReadAsync().AsTask();

        await client.DisposeAsync();

        await Assert.ThrowsAsync<MeridianException>(() => waiting.WaitAsync(Patience));
        await stream.DisposeAsync().AsTask().WaitAsync(Patience);
    }

    [Fact]
    public async Task Only_generation_is_streamed()
    {
        await using var client = new TestClient([Regions.East], o => o.DefaultChatModel = null);
        var embedding = new InferRequest { RequestId = "", Model = "minilm", RemainingMs = 0, Input = new EmbeddingInput { Texts = ["a"] } };

        Assert.Contains("EmbeddingInput", (await Assert.ThrowsAsync<ArgumentException>(() => client.Client.OpenAsync(embedding))).Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ArgumentException>(() => client.Client.OpenAsync((GenerationInput)TestClient.Generation().Input));
    }

    [Fact]
    public async Task A_stream_whose_region_is_killed_goes_on_in_another()
    {
        East.Write = s =>
        {
            s.Emit("ab", choice: 0);
            s.Emit("xyz", FinishReason.Stop, choice: 1, end: false);
        };
        Regions.Europe.Script.Write = Regions.Asia.Script.Write = s =>
        {
            s.Emit("cd", choice: 0);
            s.Emit("!", FinishReason.Length, choice: 0);
        };
        await using var client = await new TestClient(Regions.All, o => o.HomeRegion = "eastus").AllAliveAsync();
        await using var stream = await client.Client.OpenAsync(TestClient.Generation(choices: 2));
        var head = stream.Head;
        var first = await stream.ReadAsync();
        await stream.ReadAsync();
        var waiting = stream.ReadAsync().AsTask();

        Regions.East.Distance.Kill();

        var moved = (await waiting.WaitAsync(Patience))!;
        Assert.Equal((5, 7, "cd"), (moved.Offset, moved.Next, moved.Groups.Single().Text));
        var last = (await stream.ReadAsync().AsTask().WaitAsync(Patience))!;
        Assert.Equal((7, 8, true, FinishReason.Length), (last.Offset, last.Next, last.End, last.Groups.Single().Finish));
        Assert.Null(await stream.ReadAsync());
        Assert.Same(head, stream.Head);
        Assert.Equal((1, false), (stream.Moves, stream.Region == "eastus"));
        var again = Regions.Europe.Script.Requests.Concat(Regions.Asia.Script.Requests).Single();
        var input = (GenerationInput)again.Input;
        Assert.Equal((stream.RequestId, "v1@test", "fp32"), (again.RequestId, again.Version, again.Variant));
        Assert.Equal([.. "ab".Select(c => (int)c)], Assert.Single(input.Resume!).TokenIds);
        Assert.Equal([1, 2, 3], Assert.Single(input.Prompts).TokenIds!);
        Assert.Equal(0, first!.Offset);
    }

    /// <summary>Whichever of the two others is nearer.</summary>
    [Theory]
    [InlineData("southeastasia")]
    [InlineData("westeurope")]
    public async Task A_reproducible_stream_moves_first_to_where_the_arithmetic_is_the_same(string alike)
    {
        foreach (var region in Regions.All)
        {
            region.Script.Arithmetic = region.Script.Region == "eastus" || region.Script.Region == alike ? "a" : "b";
            region.Script.Models = [RegionScript.Model("stories") with { Version = "v1@test", Arithmetic = region.Script.Arithmetic }];
            region.Script.Write = s => s.Emit("cd", FinishReason.Stop);
        }

        East.Write = s => s.Emit("ab");
        await using var client = await new TestClient(Regions.All, o => o.HomeRegion = "eastus").AllAliveAsync();
        var request = TestClient.Generation();
        await using var stream = await client.Client.OpenAsync(request with { Input = (GenerationInput)request.Input with { Reproducible = true } });
        await stream.ReadAsync();
        var waiting = stream.ReadAsync().AsTask();

        Regions.East.Distance.Kill();

        Assert.True((await waiting.WaitAsync(Patience))!.End);
        Assert.Equal((alike, false), (stream.Region, stream.Inexact));
    }

    [Theory]
    [InlineData(RefusalCode.NotReady)]
    [InlineData(RefusalCode.RegionLost)]
    public async Task A_replica_that_is_lost_alone_is_replaced_where_its_region_is_the_only_one(RefusalCode code)
    {
        East.Write = s => s.Emit("a");
        await using var client = await new TestClient([Regions.East]).AllAliveAsync();
        await using var stream = await client.OpenAsync();
        await stream.ReadAsync();

        Assert.Single(East.Streams).Fail(code);

        Assert.Equal(1, (await stream.ReadAsync().AsTask().WaitAsync(Patience))!.Offset);
        Assert.Equal("eastus", stream.Region);
    }

    [Fact]
    public async Task Losses_in_a_row_without_a_token_end_the_stream()
    {
        var opened = 0;
        East.Write = s =>
        {
            if (Interlocked.Increment(ref opened) == 1)
                s.Emit("a");
            else
                s.EmitNothing();
            s.Fail(RefusalCode.RegionLost);
        };
        await using var client = await new TestClient([Regions.East], o => o.Attempts = 2).AllAliveAsync();
        await using var stream = await client.OpenAsync();
        await stream.ReadAsync();

        var stranded = await Assert.ThrowsAsync<MeridianException>(async () =>
        {
            while (true)
                await stream.ReadAsync().AsTask().WaitAsync(Patience);
        });

        Assert.Equal(RefusalCode.RegionLost, stranded.Refusal.Code);
        Assert.Contains("after 1 tokens", stranded.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stream_that_is_left_in_the_move_asks_no_further()
    {
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        East.Write = s => s.Emit("a");
        await using var client = await new TestClient(Regions.All, o => o.HomeRegion = "eastus").AllAliveAsync();
        Regions.Europe.Script.Write = Regions.Asia.Script.Write = _ => asked.TrySetResult();
        var stream = await client.OpenAsync();
        await stream.ReadAsync();
        Assert.Single(East.Streams).Fail(RefusalCode.RegionLost);
        var waiting = stream.ReadAsync().AsTask();
        await asked.Task.WaitAsync(Patience);

        await stream.DisposeAsync().AsTask().WaitAsync(Patience);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.WaitAsync(Patience));
        Assert.Single(Regions.Europe.Script.Requests.Concat(Regions.Asia.Script.Requests));
    }
}
