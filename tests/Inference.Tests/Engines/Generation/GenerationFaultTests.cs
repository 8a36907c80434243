using CsCheck;
using Meridian.Inference.Engines;
using Meridian.Inference.Engines.Generation.Contract;
using Meridian.Inference.Sampling;

namespace Meridian.Inference.Tests.Engines.Generation;

/// <summary>Runs that fail, and engines that are lost.</summary>
public sealed class GenerationFaultTests(ScriptedTokenizer tokenizer) : IAsyncDisposable
{
    // Begins the texts that cannot be computed.
    private const int Poison = 299;

    private ScriptedEngine? _scripted;

    public async ValueTask DisposeAsync()
    {
        if (_scripted is not null)
            await _scripted.DisposeAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_sequence_that_always_fails_ends_alone_and_31_good_ones_beside_it_go_on(bool prefixCache)
    {
        var scripted = Start(new EngineOptions { MaxSequences = 32, PrefixCache = prefixCache });
        scripted.Stage.Computing = Fail(1);
        scripted.Stage.Close();
        var blocker = scripted.Open(Work([10], 1));
        await scripted.Stage.EnteredAsync();
        var works = Enumerable.Range(0, 31).Select(i => Work([20, 21, 30 + i], 12)).ToArray();
        works[13] = Work([Poison, 20, 21], 12);
        var streams = works.Select(scripted.Open).ToArray();
        scripted.Stage.Open();
        await Generated.ReadAsync(blocker);

        var failure = await Assert.ThrowsAsync<FailedAloneException>(() => Generated.ReadAsync(streams[13]));
        Assert.EndsWith("fails on tokens 1 to 3 of choice 0: the model broke", failure.Message, StringComparison.Ordinal);
        for (var i = 0; i < works.Length; i++)
        {
            if (i != 13)
                Assert.Equal(scripted.Expect(works[i], 0).Ids, (await Generated.ReadAsync(streams[i])).Ids());
        }

        await scripted.IdleAsync();
        Assert.Equal(0, scripted.Engine.Counters.ReservedTokens);
        Assert.False(scripted.Engine.Lost.IsCompleted);
        await Check(Work([40, 41], 5));
    }

    [Fact]
    public async Task A_text_that_grows_beyond_what_the_model_computes_keeps_its_tokens_and_spares_its_neighbours()
    {
        var scripted = Start();
        scripted.Stage.Computing = static (row, _) =>
        {
            if (row.Start + row.Count > 40)
                throw new InvalidOperationException("position 40 of 40");
        };
        var neighbours = Enumerable.Range(0, 2).Select(i => Work([10 + i], 39) with { IgnoreEndOfText = true }).ToArray();
        var streams = neighbours.Select(scripted.Open).ToArray();
        var longer = Work([.. Enumerable.Range(20, 30)], 30) with { IgnoreEndOfText = true };
        var stream = scripted.Open(longer);
        var generated = new Generated(stream);
        var failure = await Assert.ThrowsAsync<FailedAloneException>(() => generated.ReadAsync());
        Assert.Contains("position 40 of 40", failure.Message, StringComparison.Ordinal);
        Assert.Equal(scripted.Expect(longer, 0).Ids[..11], generated.Ids());
        for (var i = 0; i < streams.Length; i++)
            Assert.Equal(scripted.Expect(neighbours[i], 0).Ids, (await Generated.ReadAsync(streams[i])).Ids());
    }

    [Fact]
    public async Task Of_several_choices_of_a_prompt_that_fails_none_runs_on()
    {
        var scripted = Start();
        scripted.Stage.Computing = Fail(1);
        var good = Work([10, 11], 20);
        var other = scripted.Open(good);
        await Assert.ThrowsAsync<FailedAloneException>(() => Generated.ReadAsync(scripted.Open(Work([Poison, 20], 9) with { ChoicesPerPrompt = 4 }), 4));
        Assert.Equal(scripted.Expect(good, 0).Ids, (await Generated.ReadAsync(other)).Ids());
        await scripted.IdleAsync();
        Assert.Equal(0, scripted.Engine.Counters.ReservedTokens);
    }

    [Fact]
    public async Task A_run_that_fails_once_costs_nobody_anything()
    {
        var scripted = Start();
        var runs = 0;
        scripted.Stage.Running = _ =>
        {
            if (++runs == 5)
                throw new InvalidOperationException("no memory");
        };
        var works = Enumerable.Range(0, 6).Select(i => Work([20, 21, 30 + i], 12)).ToArray();
        var streams = works.Select(scripted.Open).ToArray();
        for (var i = 0; i < works.Length; i++)
            Assert.Equal(scripted.Expect(works[i], 0).Ids, (await Generated.ReadAsync(streams[i])).Ids());
        Assert.True(runs > 5);
    }

    [Fact]
    public async Task After_a_failed_run_nothing_is_kept()
    {
        var scripted = Start();
        int[] shared = [.. Enumerable.Range(20, 40)];
        await Generated.ReadAsync(scripted.Open(Work(shared, 3)));
        await scripted.IdleAsync();
        Assert.True(scripted.Engine.Counters.KeptTokens > 0);
        scripted.Stage.Computing = Fail(1);
        await Assert.ThrowsAsync<FailedAloneException>(() => Generated.ReadAsync(scripted.Open(Work([Poison], 3))));
        await scripted.IdleAsync();
        Assert.Equal(0, scripted.Engine.Counters.KeptTokens);
        var again = scripted.Open(Work(shared, 3));
        await Generated.ReadAsync(again);
        Assert.Equal(0, again.CachedTokens);
    }

    [Fact]
    public async Task Where_every_sequence_fails_the_engine_is_lost_and_all_streams_go_on_elsewhere_after_what_they_have()
    {
        var scripted = Start(new EngineOptions { MaxSequences = 4 });
        scripted.Stage.Close();
        var streams = Enumerable.Range(0, 6).Select(i => scripted.Open(Work([10 + i], 30) with { IgnoreEndOfText = true })).ToArray();
        await scripted.Stage.EnteredAsync();
        scripted.Stage.Let(1);
        await scripted.Stage.EnteredAsync();
        scripted.Stage.Computing = static (_, _) => throw new InvalidOperationException("the model broke");
        scripted.Stage.Open();
        var first = new Generated(streams[0]);
        await Assert.ThrowsAsync<EngineStoppedException>(() => first.ReadAsync());
        Assert.NotEmpty(first.Ids());
        foreach (var stream in streams.Skip(1))
            await Assert.ThrowsAsync<EngineStoppedException>(() => Generated.ReadAsync(stream));
        Assert.Contains("the model broke", (await scripted.Engine.Lost).Message, StringComparison.Ordinal);
        Assert.Throws<EngineStoppedException>(() => scripted.Engine.Open(Work([12], 1)));
    }

    [Fact]
    public async Task A_model_that_fails_only_in_company_is_lost_after_some_searches()
    {
        var scripted = Start();
        scripted.Stage.Running = static rows =>
        {
            if (rows.Length > 1)
                throw new InvalidOperationException("too many rows");
        };
        scripted.Stage.Close();
        var streams = Enumerable.Range(0, 3).Select(i => scripted.Open(Work([10 + i], 50) with { IgnoreEndOfText = true })).ToArray();
        await scripted.Stage.EnteredAsync();
        scripted.Stage.Open();
        foreach (var stream in streams)
            await Assert.ThrowsAsync<EngineStoppedException>(() => Generated.ReadAsync(stream));
        Assert.Contains("too many rows", (await scripted.Engine.Lost).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stage_that_cannot_empty_a_slot_after_a_failed_run_is_lost()
    {
        var scripted = Start();
        scripted.Stage.Computing = Fail(1);
        var failed = false;
        scripted.Stage.Running = _ => failed = true;
        scripted.Stage.Released = () =>
        {
            if (failed)
                throw new InvalidOperationException("no memory");
        };
        scripted.Stage.Close();
        var good = scripted.Open(Work([10], 30) with { IgnoreEndOfText = true });
        await scripted.Stage.EnteredAsync();
        var failing = scripted.Open(Work([Poison], 3));
        scripted.Stage.Open();
        await Assert.ThrowsAsync<EngineStoppedException>(() => Generated.ReadAsync(failing));
        await Assert.ThrowsAsync<EngineStoppedException>(() => Generated.ReadAsync(good));
        Assert.Contains("no memory", (await scripted.Engine.Lost).Message, StringComparison.Ordinal);
        Assert.Equal((0, 0), (scripted.Engine.Load.InFlight, scripted.Engine.Counters.Waiting));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_slot_whose_release_fails_loses_the_engine_and_no_stream_hangs(bool prefixCache)
    {
        var scripted = Start(new EngineOptions { MaxSequences = 1, PrefixCache = prefixCache });
        scripted.Stage.Released = static () => throw new InvalidOperationException("no memory");

        // Too short to be kept, so its slot is emptied at its end; the other waits.
        scripted.Stage.Close();
        var first = scripted.Open(Work([10], 3) with { IgnoreEndOfText = true });
        await scripted.Stage.EnteredAsync();
        var streams = new[] { first, scripted.Open(Work([11], 3)) };
        scripted.Stage.Open();
        foreach (var stream in streams)
            await Assert.ThrowsAsync<EngineStoppedException>(() => Generated.ReadAsync(stream));
        await scripted.Engine.Lost;
    }

    [Fact]
    public async Task A_failure_outside_of_a_run_loses_the_engine()
    {
        var scripted = Start();
        scripted.Stage.Copying = static () => throw new InvalidOperationException("no memory");
        var failing = scripted.Open(Work([.. Enumerable.Range(20, 30)], 50) with { ChoicesPerPrompt = 2, IgnoreEndOfText = true });
        await Assert.ThrowsAsync<EngineStoppedException>(() => Generated.ReadAsync(failing, 2));
        Assert.Equal("no memory", (await scripted.Engine.Lost).Message);
    }

    [Fact]
    public async Task An_engine_that_is_disposed_is_not_lost()
    {
        var scripted = Start();
        await Generated.ReadAsync(scripted.Open(Work([10], 3)));
        await scripted.Engine.DisposeAsync();
        Assert.False(scripted.Engine.Lost.IsCompleted);
    }

    /// <summary>Whatever joins, waits, gives way or is cancelled: exactly those fail that cannot be computed, and the others say what the model says.</summary>
    [Fact]
    public async Task Exactly_those_fail_that_cannot_be_computed()
    {
        var gen =
            from sequences in Gen.Int[1, 9]
            from chunk in Gen.OneOf(Gen.Const(1), Gen.Const(7), Gen.Const(64))
            from ring in Gen.OneOf(Gen.Const(1), Gen.Const(3), Gen.Const(256))
            from cache in Gen.Bool
            from kinds in Gen.Int[1, 5].Array[1, 24]
            from first in Gen.Int[0, 23]
            from second in Gen.Int[0, 23]
            from place in Gen.Int[1, 34]
            from lengths in Gen.Int[1, 30].Array[24]
            select (new EngineOptions { MaxSequences = sequences, PrefillChunk = chunk, RingTokens = ring, PrefixCache = cache, QueueCapacity = 1000 }, (int[])[.. kinds.Select((kind, i) => i == first || i == second ? 0 : kind)], place, lengths);
        await gen.SampleAsync(
            async (options, kinds, place, lengths) =>
            {
                await using var scripted = ScriptedEngine.Start(tokenizer, options, budget: 300);
                scripted.Stage.Computing = Fail(place);
                await Task.WhenAll(kinds.Select(async (kind, i) =>
                {
                    int[] prompt = [.. Enumerable.Range(20, lengths[i])];
                    if (kind == 0)
                        prompt[0] = Poison;
                    var work = Work(prompt, 40 - prompt.Length) with { IgnoreEndOfText = true, ChoicesPerPrompt = kind == 1 ? 3 : 1, Sampling = new SamplingSettings { Seed = i } };
                    var stream = scripted.Open(work);
                    if (kind == 0)
                    {
                        await Assert.ThrowsAsync<FailedAloneException>(() => Generated.ReadAsync(stream));
                    }
                    else if (kind == 2)
                    {
                        await stream.ReadAsync(0, CancellationToken.None);
                        stream.Cancel();
                    }
                    else
                    {
                        var generated = await Generated.ReadAsync(stream, work.ChoicesPerPrompt);
                        for (var choice = 0; choice < work.ChoicesPerPrompt; choice++)
                            Assert.Equal(scripted.Expect(work, choice).Ids, generated.Ids(choice));
                    }
                }));
                await scripted.IdleAsync();
                Assert.Equal(0, scripted.Engine.Counters.ReservedTokens);
                Assert.False(scripted.Engine.Lost.IsCompleted);
            },
            iter: 200,
            threads: 2);
    }

    /// <summary>A model that fails on texts that begin with <see cref="Poison"/> when they get to a length.</summary>
    private static Action<Inference.Decoders.Contract.DecoderRow, int> Fail(int from) => (row, first) =>
    {
        if (first == Poison && row.Start + row.Count >= from)
            throw new InvalidOperationException("the model broke\nat a place that is nobody's business");
    };

    private async Task Check(GenerationWork work) => Assert.Equal(_scripted!.Expect(work, 0).Ids, (await Generated.ReadAsync(_scripted.Open(work))).Ids());

    private ScriptedEngine Start(EngineOptions? options = null) => _scripted = ScriptedEngine.Start(tokenizer, options);

    private static GenerationWork Work(int[] prompt, int? maxTokens) => new()
    {
        Prompts = [new GenerationPrompt { TokenIds = prompt }],
        MaxTokens = maxTokens,
        Sampling = new SamplingSettings { Temperature = 0 },
    };
}
