using CsCheck;
using Meridian.Inference.Engines;
using Meridian.Inference.Engines.Generation.Contract;
using Meridian.Inference.Sampling;

namespace Meridian.Inference.Tests.Engines.Generation;

/// <summary>
/// Over a stage where a token computed alone is another than in a piece of several: a reproducible request has one history, whatever joins, leaves, gives way, is reused or goes on from elsewhere.
/// </summary>
public sealed class ReproducibleProperties(ScriptedTokenizer tokenizer)
{
    private const int Budget = 200;

    private static readonly Gen<int[]> Prompts =
        from head in OneOf(0, 10, 24)
        from rest in Gen.Int[5, 8].Array[1, 30]
        select (int[])[.. Enumerable.Range(0, head).Select(i => 20 + i), .. rest];

    private static readonly Gen<Asked> Requests =
        from prompt in Prompts
        from choices in Gen.Frequency((3, Gen.Const(1)), (1, Gen.Int[2, 3]))
        from most in Gen.Frequency<int?>((3, Gen.Int[1, 40].Select(i => (int?)i)), (1, Gen.Const((int?)null)))
        from temperature in OneOf(0f, 0.9f)
        from seed in Gen.Long
        from reproducible in Gen.Frequency((3, Gen.Const(true)), (1, Gen.Const(false)))
        from resumeAt in Gen.Frequency((2, Gen.Const(-1)), (1, Gen.Int[0, 40]))
        from again in Gen.Frequency((2, Gen.Const(0)), (1, Gen.Int[1, 12]))
        select new Asked(
            new GenerationWork
            {
                Prompts = [new GenerationPrompt { TokenIds = prompt }],
                ChoicesPerPrompt = choices,
                MaxTokens = most,
                Sampling = new SamplingSettings { Temperature = temperature, Seed = seed },
                TopLogprobs = 2,
                Reproducible = reproducible,
            },
            resumeAt,
            again);

    private static readonly Gen<EngineOptions> Options =
        from sequences in Gen.Int[1, 6]
        from chunk in OneOf(1, 2, 3, 7, 64)
        from ring in OneOf(1, 3, 256)
        from cache in Gen.Bool
        select new EngineOptions { MaxSequences = sequences, PrefillChunk = chunk, RingTokens = ring, PrefixCache = cache, QueueCapacity = 1000, ExactReplay = TimeSpan.FromHours(1) };

    [Fact]
    public async Task The_same_request_has_the_same_history()
    {
        var preemptions = 0L;
        var cached = 0L;
        var resumed = 0;
        await Gen.Select(Options, Requests.Array[1, 14]).SampleAsync(
            async (options, requests) =>
            {
                await using var scripted = ScriptedEngine.Start(tokenizer, options, Budget, roles: true);
                var reads = new List<Task>();
                foreach (var request in requests)
                {
                    resumed += request.ResumeAt > 0 ? 1 : 0;
                    reads.Add(CheckAsync(scripted, request));
                }

                await Task.WhenAll(reads);
                await scripted.IdleAsync();
                preemptions += scripted.Engine.Counters.Preemptions;
                cached += scripted.Engine.Counters.CachedTokens;
            },
            iter: 300,
            threads: 1);
        Assert.True(preemptions > 20 && cached > 100 && resumed > 100, $"{preemptions} preemptions, {cached} cached tokens, {resumed} resumed: the property hardly met what it is about");
    }

    [Fact]
    public async Task A_replay_beyond_its_bound_goes_on_at_once_and_says_so()
    {
        var options = new EngineOptions { MaxSequences = 2, PrefixCache = false, ExactReplay = TimeSpan.Zero };
        await using var scripted = ScriptedEngine.Start(tokenizer, options, roles: true);
        var work = new GenerationWork
        {
            Prompts = [new GenerationPrompt { TokenIds = [20, 21, 22] }],
            MaxTokens = 30,
            Sampling = new SamplingSettings { Temperature = 0 },
            IgnoreEndOfText = true,
            Reproducible = true,
        };
        var whole = await ReadAsync(scripted, work);
        Assert.False(whole.Inexact);

        var moved = work with { Resume = [new ChoiceState(0, whole.Generated.Ids()[..20])], Arithmetic = scripted.Engine.Arithmetic };
        var runs = scripted.Stage.Runs;
        var rest = await ReadAsync(scripted, moved, 20);
        Assert.True(rest.Inexact);
        Assert.Equal(10, rest.Generated.Ids().Length);
        Assert.Equal(10, scripted.Stage.Runs - runs);

        // One token is the next step's own: nothing is computed again.
        Assert.False((await ReadAsync(scripted, work with { Resume = [new ChoiceState(0, whole.Generated.Ids()[..1])], Arithmetic = scripted.Engine.Arithmetic }, 1)).Inexact);
    }

    [Fact]
    public async Task What_another_arithmetic_began_is_not_exact_here_and_goes_on_at_once()
    {
        await using var scripted = ScriptedEngine.Start(tokenizer, roles: true);
        var work = new GenerationWork
        {
            Prompts = [new GenerationPrompt { TokenIds = [20, 21, 22] }],
            MaxTokens = 30,
            Sampling = new SamplingSettings { Temperature = 0 },
            IgnoreEndOfText = true,
            Reproducible = true,
            Resume = [new ChoiceState(0, [.. Enumerable.Range(100, 20)])],
            Arithmetic = "cpu-other-ort0.0.1",
        };
        Assert.True((await ReadAsync(scripted, work, 20)).Inexact);
        Assert.Equal(10, scripted.Stage.Runs);
        Assert.False((await ReadAsync(scripted, work with { Reproducible = false }, 20)).Inexact);
        Assert.False((await ReadAsync(scripted, work with { Arithmetic = scripted.Engine.Arithmetic }, 20)).Inexact);
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task A_stage_of_another_layout_and_a_process_that_gave_it_up_say_that_answers_are_not_exact(bool layout, bool setting)
    {
        await using var scripted = ScriptedEngine.Start(tokenizer, new EngineOptions { Reproducible = !setting }, roles: !layout);
        var work = new GenerationWork { Prompts = [new GenerationPrompt { TokenIds = [20, 21, 22] }], MaxTokens = 3, Reproducible = true };
        Assert.True((await ReadAsync(scripted, work)).Inexact);
        Assert.False((await ReadAsync(scripted, work with { Reproducible = false })).Inexact);
    }

    private static async Task CheckAsync(ScriptedEngine scripted, Asked request)
    {
        var work = request.Work;
        var expected = Enumerable.Range(0, work.ChoicesPerPrompt).Select(choice => scripted.Expect(work, choice)).ToArray();
        if (!work.Reproducible)
        {
            // They are there to leave other histories in the slots.
            await Generated.ReadAsync(scripted.Open(work), work.ChoicesPerPrompt);
            return;
        }

        var begins = expected.Select(e => Math.Clamp(request.ResumeAt, 0, e.Ids.Length - 1)).ToArray();
        if (request.ResumeAt >= 0)
            work = work with { Resume = [.. expected.Select((e, choice) => new ChoiceState(choice, e.Ids[..begins[choice]]))], Arithmetic = scripted.Engine.Arithmetic };
        var (generated, inexact) = await ReadAsync(scripted, work, begins);
        Assert.False(inexact);
        for (var choice = 0; choice < begins.Length; choice++)
        {
            Assert.Equal(expected[choice].Ids[begins[choice]..], generated.Ids(choice));
            Assert.Equal(expected[choice].Logprobs.Skip(begins[choice]).Select(l => l.Logprob), generated.Logprobs[choice].Select(l => l.Logprob));
        }

        // The conversation's next turn: what was generated is prompt now.
        if (request.Again > 0)
            await CheckAsync(scripted, new Asked(request.Work with { Prompts = [new GenerationPrompt { TokenIds = Turn() }], MaxTokens = request.Again }, -1, 0));

        int[] Turn()
        {
            int[] all = [.. work.Prompts[0].TokenIds!, .. expected[0].Ids, 5, 6];
            return all[..Math.Min(all.Length, Budget - request.Again - 1)];
        }
    }

    private static async Task<(Generated Generated, bool Inexact)> ReadAsync(ScriptedEngine scripted, GenerationWork work, params int[] begins)
    {
        var generated = await Generated.ReadAsync(scripted.Open(work), work.ChoicesPerPrompt, choice => choice < begins.Length ? begins[choice] : 0);
        return (generated, generated.Inexact);
    }

    private static Gen<T> OneOf<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    /// <param name="Work">What is asked for.</param>
    /// <param name="ResumeAt">Tokens that each choice had before; -1 for a request that begins.</param>
    /// <param name="Again">Tokens of a second turn; 0 for none.</param>
    private sealed record Asked(GenerationWork Work, int ResumeAt, int Again);
}
