using System.Collections.Concurrent;
using CsCheck;
using Meridian.Errors;
using Meridian.Federation.Edge;
using Meridian.Federation.Regions;
using Meridian.Messages;
using Meridian.Routing.Attempts;

namespace Meridian.Federation.Tests.Edge;

/// <summary>Streams whose regions are lost under them.</summary>
public sealed partial class EdgeDispatcherTests
{
    private readonly ConcurrentQueue<ScriptedStream> _scripted = new();
    private static readonly string[] Names = ["eastus", "westeurope", "southeastasia"];

    /// <summary>How a region can be lost in mid-stream.</summary>
    private enum Loss
    {
        Transport,
        Judged,
        Stopping,
        Cancelled,
        Unloaded,
        EndedEarly,
    }

    private readonly Dictionary<string, string> _arithmetics = [];

    [Theory]
    [InlineData((int)Loss.Transport)]
    [InlineData((int)Loss.Judged)]
    [InlineData((int)Loss.Stopping)]
    [InlineData((int)Loss.Cancelled)]
    [InlineData((int)Loss.EndedEarly)]
    public async Task A_stream_goes_on_in_the_next_region_from_every_position(int loss)
    {
        for (var before = 1; before <= 6; before++)
        {
            var test = new EdgeDispatcherTests();
            var text = new ScriptedText(6);
            test.Script(text, [(null, before, (Loss)loss)]);
            var request = Asking(text, remainingMs: 9000) with { Residency = ["us", "eu"] };
            var opening = await test.OpenAsync(request);

            await test.AssertUndisturbedAsync(opening, text);

            // All of the text was there after six frames at the latest, and only its end was missing.
            var (first, rest) = (test._sent.First(), test._sent.Skip(1).ToArray());
            Assert.Equal("eastus", first.Region);
            foreach (var (region, again) in rest)
            {
                Assert.Equal("westeurope", region);
                Assert.Equal((request.RequestId, "v1@0", "fp32", 1), (again.RequestId, again.Version, again.Variant, again.Hops));
                Assert.Equal(["us", "eu"], again.Residency!);
                var input = (GenerationInput)again.Input;
                Assert.Equal(ScriptedText.PromptIds, input.Prompts.Select(p => p.TokenIds!));
                Assert.Equal((77, 42L, false), (input.ContextLength, input.Sampling.Seed, input.Echo));
            }
        }
    }

    [Fact]
    public async Task A_reproducible_stream_moves_first_to_where_the_arithmetic_is_the_same()
    {
        // The second nearest computes other bits than the first, the farthest the same.
        string[] arithmetics = ["a", "b", "a"];
        foreach (var (region, arithmetic) in Names.Zip(arithmetics))
            _directory.Load(region, Sample.Model() with { Arithmetic = arithmetic });
        var text = new ScriptedText(40);
        Script(text, [(null, 2, Loss.Transport)]);
        GiveArithmetics(arithmetics);
        var request = Asking(text);
        var opening = await OpenAsync(request with { Input = (GenerationInput)request.Input with { Reproducible = true } });

        Assert.DoesNotContain(true, (await AllAsync(opening)).Select(frame => frame.Inexact));

        Assert.Equal(["eastus", "southeastasia"], _sent.Select(s => s.Region));
        var onward = (GenerationInput)_sent.Last().Request.Input;
        Assert.Equal((true, "a"), (onward.Reproducible, onward.Arithmetic));
    }

    /// <summary>As a caller who came back asks for it: the nearest region computes other bits than those of the answer.</summary>
    [Fact]
    public async Task A_stream_that_is_computed_again_is_opened_where_the_arithmetic_is_the_same()
    {
        var model = Sample.Model();
        foreach (var (region, arithmetic) in Names.Zip(["b", "a", "a"]))
            _directory.Load(region, model with { Arithmetic = arithmetic });
        var text = new ScriptedText(9);
        Script(text, []);
        var request = Asking(text) with { Version = model.Version, Variant = model.Variant };

        await AllAsync(await OpenAsync(request with { Input = (GenerationInput)request.Input with { Reproducible = true, Arithmetic = "a" } }));

        Assert.Equal(["westeurope"], _sent.Select(s => s.Region));
    }

    [Theory]
    [InlineData("b", true)]
    [InlineData("", true)]
    [InlineData("a", false)]
    public async Task A_reproducible_stream_that_goes_on_by_another_arithmetic_says_so_to_its_end(string other, bool inexact)
    {
        var text = new ScriptedText(40);
        Script(text, [(null, 2, Loss.Transport), (null, 2, Loss.Transport)]);
        GiveArithmetics(["a", other, "a"]);
        var request = Asking(text);
        var frames = await AllAsync(await OpenAsync(request with { Input = (GenerationInput)request.Input with { Reproducible = true } }));

        Assert.False(frames[0].Inexact);
        Assert.Equal(inexact, frames[^1].Inexact);
        Assert.True(frames.SkipWhile(frame => !frame.Inexact).All(frame => frame.Inexact));

        // What is lost already is not computed again the slow way.
        Assert.Equal([true, true, !inexact], _sent.Select(s => ((GenerationInput)s.Request.Input).Reproducible));
    }

    [Fact]
    public async Task Others_go_on_anywhere_and_say_nothing()
    {
        var text = new ScriptedText(40);
        Script(text, [(null, 2, Loss.Transport)]);
        GiveArithmetics(["a", "b", "a"]);
        Assert.DoesNotContain(true, (await AllAsync(await OpenAsync(Asking(text)))).Select(frame => frame.Inexact));
        Assert.Equal(["eastus", "westeurope"], _sent.Select(s => s.Region));
    }

    [Fact]
    public async Task What_becomes_of_attempts_is_counted()
    {
        var text = new ScriptedText(9);
        Script(text, [(null, 1, Loss.Transport), (RefusalCode.NoCapacity, 1, Loss.Unloaded)]);

        await AssertUndisturbedAsync(await OpenAsync(Asking(text)), text);

        Assert.Equal(
            [
                ("eastus", 1L, AttemptOutcome.Answered), ("eastus", 1L, AttemptOutcome.Lost), ("westeurope", 1L, AttemptOutcome.Answered), ("southeastasia", 1L, AttemptOutcome.Answered),
                ("southeastasia", 1L, AttemptOutcome.Answered), ("eastus", 1L, AttemptOutcome.Answered),
            ],
            _outcomes);
        Assert.Equal(("eastus", 1L), Assert.Single(_reports));
    }

    [Fact]
    public async Task Any_losses_at_any_positions_give_the_text_of_the_undisturbed_stream() =>
        await Gen.Select(
                Gen.Int[1, 12].Array[1, 4],
                Gen.Select(Gen.Int[0, 3], Gen.Int[1, 4], Gen.Enum<Loss>()).Array[0, 8],
                Gen.Int)
            .SampleAsync(
                async (lengths, script, seed) =>
                {
                    var test = new EdgeDispatcherTests();
                    var text = new ScriptedText(lengths);
                    RefusalCode?[] refusals = [null, RefusalCode.NoCapacity, RefusalCode.NotReady, RefusalCode.RegionLost];
                    test.Script(text, [.. script.Select(s => (refusals[s.Item1], s.Item2, s.Item3))], seed);

                    await test.AssertUndisturbedAsync(await test.OpenAsync(Asking(text)), text);
                },
                iter: 1000);

    [Fact]
    public async Task A_choice_that_is_done_is_not_run_again()
    {
        var text = new ScriptedText(1, 9, 1);
        Script(text, [(null, 4, Loss.Transport)]);

        await AssertUndisturbedAsync(await OpenAsync(Asking(text)), text);

        Assert.Equal([1], ((GenerationInput)_sent.Last().Request.Input).Resume!.Select(r => r.Choice));
    }

    [Fact]
    public async Task A_replica_that_is_unloaded_is_replaced_in_its_own_region()
    {
        var text = new ScriptedText(9);
        Script(text, [(null, 1, Loss.Unloaded)]);

        var opening = await OpenAsync(Asking(text));
        await AssertUndisturbedAsync(opening, text);

        Assert.Equal(["eastus", "eastus"], _sent.Select(s => s.Region));
        Assert.Equal((1, "eastus"), (opening.Stream!.Moves, opening.Stream.Region));
    }

    [Fact]
    public async Task A_region_that_is_lost_in_the_move_is_left_for_the_next_and_the_read_waits_for_it()
    {
        var text = new ScriptedText(9);
        var arrived = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Script(text, [(null, 2, Loss.Transport)]);
        _streams["westeurope"] = async (_, life) =>
        {
            var hang = Task.Delay(Timeout.InfiniteTimeSpan, life);
            arrived.SetResult();
            await hang;
            return default;
        };
        var opening = await OpenAsync(Asking(text));
        await opening.Stream!.ReadAsync(default);
        await opening.Stream.ReadAsync(default);
        var read = opening.Stream.ReadAsync(default).AsTask();
        await arrived.Task;

        Assert.False(read.IsCompleted);
        _directory.Die("westeurope");

        Assert.True((await read)!.Offset >= 2);
        Assert.Equal(("southeastasia", 1, "eastus"), (opening.Stream.Region, opening.Stream.Moves, opening.Stream.Head.Region));
        await opening.Stream.DisposeAsync();
        AssertNothingInFlight();
    }

    [Fact]
    public async Task A_read_that_is_given_up_in_the_move_leaves_the_stream_to_the_next()
    {
        var text = new ScriptedText(9);
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var arrived = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Script(text, [(null, 1, Loss.Transport)]);
        var open = _streams["westeurope"];
        _streams["westeurope"] = async (request, life) =>
        {
            arrived.SetResult();
            await gate.Task;
            return await open(request, life);
        };
        var stream = (await OpenAsync(Asking(text))).Stream!;
        var first = await stream.ReadAsync(default);
        using var reader = new CancellationTokenSource();
        var read = stream.ReadAsync(reader.Token).AsTask();
        await arrived.Task;

        await reader.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read);
        gate.SetResult();

        Assert.Equal(first!.Next, (await stream.ReadAsync(default))!.Offset);
        await stream.DisposeAsync();
        AssertNothingInFlight();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_caller_who_goes_in_the_move_ends_it_at_once(bool disposes)
    {
        var text = new ScriptedText(9);
        var arrived = new TaskCompletionSource<CancellationToken>(TaskCreationOptions.RunContinuationsAsynchronously);
        Script(text, [(null, 1, Loss.Transport)]);
        _streams["westeurope"] = async (_, life) =>
        {
            arrived.SetResult(life);
            await Task.Delay(Timeout.InfiniteTimeSpan, life);
            return default;
        };
        using var caller = new CancellationTokenSource();
        var stream = (await Dispatcher().OpenAsync(Asking(text), caller.Token)).Stream!;
        await stream.ReadAsync(caller.Token);
        var read = stream.ReadAsync(caller.Token).AsTask();
        var life = await arrived.Task;

        if (disposes)
            await stream.DisposeAsync();
        else
            await caller.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read);
        Assert.True(life.IsCancellationRequested);
        await stream.DisposeAsync();
        Assert.Equal(2, _sent.Count);
        AssertNothingInFlight();
    }

    [Fact]
    public async Task The_deadline_passes_in_the_move_as_at_any_time()
    {
        var text = new ScriptedText(9);
        var arrived = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Script(text, [(null, 1, Loss.Transport)]);
        _streams["westeurope"] = async (_, life) =>
        {
            var hang = Task.Delay(Timeout.InfiniteTimeSpan, life);
            arrived.SetResult();
            await hang;
            return default;
        };
        await using var stream = (await OpenAsync(Asking(text, remainingMs: 1000))).Stream!;
        var tokens = (await stream.ReadAsync(default))!.Next;
        var read = stream.ReadAsync(default).AsTask();
        await arrived.Task;

        _time.Advance(TimeSpan.FromMilliseconds(1000));
        var late = await Assert.ThrowsAsync<MeridianException>(() => read);

        Assert.Equal(RefusalCode.Deadline, late.Refusal.Code);
        Assert.Contains($"1000 ms passed after {tokens} tokens", late.Refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_region_without_the_version_that_began_cannot_go_on()
    {
        var text = new ScriptedText(9);
        _options.WaitForRegion = TimeSpan.Zero;
        Script(text, [(null, 2, Loss.Transport)]);
        foreach (var name in Names[1..])
            _directory.Load(name, Sample.Model() with { Version = "v2@0" });
        await using var stream = (await OpenAsync(Asking(text))).Stream!;
        await stream.ReadAsync(default);
        var tokens = (await stream.ReadAsync(default))!.Next;

        var stranded = await Assert.ThrowsAsync<MeridianException>(() => stream.ReadAsync(default).AsTask());

        Assert.Equal(RefusalCode.NotReady, stranded.Refusal.Code);
        Assert.Contains($"after {tokens} tokens of request", stranded.Refusal.Message, StringComparison.Ordinal);
        Assert.Contains("version 'v1@0', variant 'fp32'", stranded.Refusal.Message, StringComparison.Ordinal);
        Assert.Single(_sent);
    }

    [Fact]
    public async Task A_residency_that_leaves_no_other_region_is_kept()
    {
        var text = new ScriptedText(9);
        _options.WaitForRegion = TimeSpan.Zero;
        Script(text, [(null, 1, Loss.Judged)], revives: false);
        await using var stream = (await OpenAsync(Asking(text) with { Residency = ["eu"] })).Stream!;
        await stream.ReadAsync(default);

        var stranded = await Assert.ThrowsAsync<MeridianException>(() => stream.ReadAsync(default).AsTask());

        Assert.Equal(RefusalCode.ResidencyUnavailable, stranded.Refusal.Code);
        Assert.All(_sent, s => Assert.Equal("westeurope", s.Region));
        await Assert.ThrowsAsync<MeridianException>(() => stream.ReadAsync(default).AsTask());
    }

    [Fact]
    public async Task A_stream_waits_for_the_only_region_that_may_go_on_with_it()
    {
        var text = new ScriptedText(9);
        Script(text, [(null, 1, Loss.Judged)], revives: false);
        await using var stream = (await OpenAsync(Asking(text) with { Residency = ["eu"] })).Stream!;
        var first = await stream.ReadAsync(default);
        var read = stream.ReadAsync(default).AsTask();
        await _directory.Awaited.Task;
        Assert.False(read.IsCompleted);

        _directory.Revive("westeurope");

        Assert.Equal(first!.Next, (await read)!.Offset);
        Assert.Equal(["westeurope", "westeurope"], _sent.Select(s => s.Region));
    }

    [Fact]
    public async Task Losses_without_progress_use_the_budget_up()
    {
        var text = new ScriptedText(9);
        _options.WaitForRegion = TimeSpan.Zero;
        Script(text, [(null, 1, Loss.Stopping), (null, 0, Loss.Stopping), (null, 0, Loss.Stopping), (null, 0, Loss.Stopping)]);
        await using var stream = (await OpenAsync(Asking(text))).Stream!;
        await stream.ReadAsync(default);

        var stranded = await Assert.ThrowsAsync<MeridianException>(() => stream.ReadAsync(default).AsTask());

        Assert.Equal(RefusalCode.RegionLost, stranded.Refusal.Code);
        Assert.Equal(Names, _sent.Select(s => s.Region));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public async Task A_region_that_skips_or_repeats_a_token_ends_the_stream(int off)
    {
        var text = new ScriptedText(9);
        Script(text, [(null, 2, Loss.Transport)]);
        _streams["westeurope"] = (request, _) =>
        {
            var input = (GenerationInput)request.Input;
            var stands = input.Resume![0].TokenIds.Length + off;
            var wrong = text.Frames(input with { Resume = [new ChoiceResume { Choice = 0, TokenIds = text.Ids(0)[..stands] }] }, new Random(1));
            return Task.FromResult(new StreamOpening(new ScriptedStream(HeadOf("westeurope"), wrong, int.MaxValue, () => Task.FromResult<StreamFrame?>(null)), null));
        };
        await using var stream = (await OpenAsync(Asking(text))).Stream!;
        await stream.ReadAsync(default);
        await stream.ReadAsync(default);

        var wrong = await Assert.ThrowsAsync<MeridianException>(() => stream.ReadAsync(default).AsTask());

        Assert.Equal(RefusalCode.RegionLost, wrong.Refusal.Code);
        Assert.Contains("Region 'westeurope' broke the order", wrong.Refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_entered_at_another_edge_is_moved_there()
    {
        var text = new ScriptedText(9);
        Script(text, [(null, 1, Loss.Transport)]);
        await using var stream = (await OpenAsync(Asking(text) with { Hops = 1 })).Stream!;
        await stream.ReadAsync(default);

        var lost = await Assert.ThrowsAsync<MeridianException>(() => stream.ReadAsync(default).AsTask());

        Assert.Equal(RefusalCode.RegionLost, lost.Refusal.Code);
        Assert.Single(_sent);
    }

    [Fact]
    public async Task A_stream_that_cannot_be_closed_is_moved_all_the_same()
    {
        var text = new ScriptedText(9);
        Script(text, []);
        _streams["eastus"] = (request, _) => Task.FromResult(new StreamOpening(
            new Grumbler(new ScriptedStream(HeadOf("eastus"), text.Frames((GenerationInput)request.Input, new Random(1)), 2, () => throw Broken())), null));

        await AssertUndisturbedAsync(await OpenAsync(Asking(text)), text);

        Assert.Equal(["eastus", "westeurope"], _sent.Select(s => s.Region));
    }

    private void GiveArithmetics(string[] arithmetics)
    {
        foreach (var (region, arithmetic) in Names.Zip(arithmetics))
            _arithmetics[region] = arithmetic;
    }

    private static async Task<List<StreamFrame>> AllAsync(EdgeOpening opening)
    {
        var frames = new List<StreamFrame>();
        await foreach (var frame in FramesAsync(opening.Stream!))
            frames.Add(frame);
        return frames;
    }

    private static StreamHead HeadOf(string region) => Sample.Head(region) with { PromptIds = ScriptedText.PromptIds, ContextLength = 77 };

    private static InferRequest Asking(ScriptedText text, int remainingMs = 30_000) => Sample.Request(remainingMs: remainingMs) with
    {
        Input = new GenerationInput { Prompts = [new PromptInput { Text = "Once" }], ChoicesPerPrompt = text.Choices, Sampling = new SamplingInput { Seed = 42 }, Echo = true },
    };

    /// <summary>
    /// Makes every region serve the text. Openings in turn take what the script says: perhaps first a refusal by the region that is asked, then a stream that is lost after so many frames.
    /// What is opened after the script's end is not disturbed.
    /// </summary>
    private void Script(ScriptedText text, (RefusalCode? RefusesFirst, int Frames, Loss Loss)[] script, int seed = 1, bool revives = true)
    {
        var openings = new Queue<(RefusalCode? Refusal, int Frames, Loss Loss)>();
        foreach (var (refuses, frames, loss) in script)
        {
            if (refuses is not null)
                openings.Enqueue((refuses, 0, loss));
            openings.Enqueue((null, frames, loss));
        }

        foreach (var name in Names)
        {
            _streams[name] = (request, life) =>
            {
                var disturbed = openings.TryDequeue(out var opening);
                if (opening.Refusal is { } code)
                    return Task.FromResult(new StreamOpening(null, new Refusal { Code = code, Message = "not here" }));
                var frames = text.Frames((GenerationInput)request.Input, new Random(seed));
                var stream = new ScriptedStream(HeadOf(name) with { Arithmetic = _arithmetics.GetValueOrDefault(name, "") }, frames, disturbed ? opening.Frames : int.MaxValue, () => HappenAsync(opening.Loss, name, revives, life));
                _scripted.Enqueue(stream);
                return Task.FromResult(new StreamOpening(stream, null));
            };
        }
    }

    private async Task<StreamFrame?> HappenAsync(Loss loss, string region, bool revives, CancellationToken life)
    {
        switch (loss)
        {
            case Loss.Transport:
                throw Broken();
            case Loss.Judged:
                var hang = Task.Delay(Timeout.InfiniteTimeSpan, life);
                _directory.Die(region);
                if (revives)
                    _directory.Revive(region);
                await hang;
                return null;
            case Loss.Stopping:
                throw new MeridianException(new Refusal { Code = RefusalCode.RegionLost, Message = "stopping" });
            case Loss.Cancelled:
                throw new MeridianException(new Refusal { Code = RefusalCode.Cancelled, Message = "given up" });
            case Loss.Unloaded:
                throw new MeridianException(new Refusal { Code = RefusalCode.NotReady, Message = "unloaded" });
            default:
                return null;
        }
    }

    /// <summary>The caller saw one stream: every token once and in order, all texts, every finish, one end; and everything was given back.</summary>
    private async Task AssertUndisturbedAsync(EdgeOpening opening, ScriptedText text)
    {
        Assert.Null(opening.Refusal);
        var stream = opening.Stream!;
        var head = stream.Head;
        var ids = Enumerable.Range(0, text.Choices).Select(_ => new List<int>()).ToArray();
        var texts = new string[text.Choices];
        var finishes = new FinishReason?[text.Choices];
        var tokens = 0L;
        var ended = false;
        await foreach (var frame in FramesAsync(stream))
        {
            Assert.False(ended);
            Assert.Equal(tokens, frame.Offset);
            tokens = frame.Next;
            ended = frame.End;
            foreach (var group in frame.Groups)
            {
                Assert.Equal(ids[group.Choice].Count, group.Position);
                Assert.Null(finishes[group.Choice]);
                ids[group.Choice].AddRange(group.TokenIds);
                texts[group.Choice] += group.Text;
                finishes[group.Choice] = group.Finish;
            }
        }

        Assert.True(ended);
        for (var i = 0; i < text.Choices; i++)
        {
            Assert.Equal(text.Ids(i), ids[i]);
            Assert.Equal(text.Text(i), texts[i]);
            Assert.Equal(ScriptedText.Finish(i), finishes[i]);
        }

        Assert.Equal(ids.Sum(i => i.Count), tokens);
        Assert.Same(head, stream.Head);
        await stream.DisposeAsync();
        AssertNothingInFlight();
        Assert.All(_scripted, s => Assert.Equal(1, s.Disposals));
    }

    private static async IAsyncEnumerable<StreamFrame> FramesAsync(IRegionStream stream)
    {
        while (await stream.ReadAsync(default) is { } frame) yield return frame;
    }

    /// <summary>A stream whose disposal fails.</summary>
    private sealed class Grumbler(ScriptedStream stream) : IRegionStream
    {
        public StreamHead Head => stream.Head;

        public ValueTask<StreamFrame?> ReadAsync(CancellationToken cancellationToken) => stream.ReadAsync(cancellationToken);

        public async ValueTask DisposeAsync()
        {
            await stream.DisposeAsync();
            throw new InvalidOperationException("closed already");
        }
    }
}
