using CsCheck;
using Meridian.Inference.Engines;
using Meridian.Inference.Engines.Generation.Contract;
using Meridian.Inference.Sampling;

namespace Meridian.Inference.Tests.Engines.Generation;

/// <summary>Whatever happens around it, a choice is what the model, asked token by token, would say.</summary>
public sealed class EngineProperties(ScriptedTokenizer tokenizer)
{
    private const int Budget = 160;

    private static readonly Gen<SamplingSettings> Samplings =
        from temperature in OneOf(0f, 0f, 0.7f, 1.3f)
        from repetition in OneOf(1f, 1.2f)
        from presence in OneOf(0f, 0.5f)
        from topK in OneOf(0, 5)
        from seed in Gen.Long
        select new SamplingSettings { Temperature = temperature, RepetitionPenalty = repetition, PresencePenalty = presence, TopK = topK, Seed = seed };

    // Few ids and few beginnings, so that prompts begin alike.
    private static readonly Gen<int[]> Prompts =
        from head in OneOf(0, 10, 24)
        from rest in Gen.Int[5, 8].Array[1, 30]
        select (int[])[.. Enumerable.Range(0, head).Select(i => 20 + i), .. rest];

    private static readonly Gen<GenerationWork> Works =
        from prompts in Prompts.Array[1, 2]
        from choices in Gen.Frequency((3, Gen.Const(1)), (1, Gen.Int[2, 3]))
        from maxTokens in Gen.Frequency<int?>((2, Gen.Int[1, 40].Select(i => (int?)i)), (1, Gen.Const((int?)null)))
        from sampling in Samplings
        from stops in OneOf<string[]>([], [], ["a"], ["e", "xy", "\u00e9"])
        from logprobs in OneOf<int?>(null, null, 0, 3)
        from ignore in Gen.Bool
        from tenant in OneOf("a", "b", "c")
        select new GenerationWork
        {
            Prompts = [.. prompts.Select(p => new GenerationPrompt { TokenIds = p })],
            ChoicesPerPrompt = choices,
            MaxTokens = maxTokens,
            Sampling = sampling,
            Stop = stops,
            TopLogprobs = logprobs,
            IgnoreEndOfText = ignore,
            Tenant = tenant,
        };

    private static readonly Gen<EngineOptions> Options =
        from sequences in Gen.Int[1, 6]
        from chunk in OneOf(1, 7, 64)
        from ring in OneOf(1, 3, 256)
        from cache in Gen.Bool
        select new EngineOptions { MaxSequences = sequences, PrefillChunk = chunk, RingTokens = ring, PrefixCache = cache, QueueCapacity = 1000 };

    [Fact]
    public async Task Streams_say_what_the_model_says_whatever_joins_leaves_gives_way_or_is_reused()
    {
        var preemptions = 0L;
        var cached = 0L;
        var cancelled = 0L;
        await Gen.Select(Options, Works.Array[1, 14], Gen.Int[0, 5].Array[14]).SampleAsync(
            async (options, works, fates) =>
            {
                await using var scripted = ScriptedEngine.Start(tokenizer, options, Budget);
                var reads = new List<Task>();
                for (var i = 0; i < works.Length; i++)
                {
                    var work = works[i];
                    var stream = scripted.Open(work);
                    reads.Add(fates[i] == 0 ? CancelAsync(stream, i) : CheckAsync(scripted, work, stream));
                }

                await Task.WhenAll(reads);
                await scripted.IdleAsync();
                var counters = scripted.Engine.Counters;
                Assert.Equal(0, counters.ReservedTokens);
                Assert.InRange(counters.KeptTokens, 0, options.PrefixCache ? Budget : 0);
                Assert.InRange(counters.MostStepsAfterCancel, 0, 1);
                Assert.InRange(scripted.Stage.MostHeld, 0, Budget);
                Assert.Equal((0, 0, 1000), (scripted.Engine.Load.InFlight, scripted.Engine.Load.Queued, scripted.Engine.Load.QueueCapacity));
                Interlocked.Add(ref preemptions, counters.Preemptions);
                Interlocked.Add(ref cached, counters.CachedTokens);
                Interlocked.Add(ref cancelled, counters.Cancelled);
            },
            iter: 150,
            threads: 1);
        Assert.True(preemptions > 20 && cached > 100 && cancelled > 20, $"{preemptions} preemptions, {cached} cached tokens, {cancelled} cancelled: the property hardly met what it is about");
    }

    private static Gen<T> OneOf<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    private static async Task CancelAsync(IGenerationStream stream, int reads)
    {
        try
        {
            long offset = 0;
            for (var i = 0; i < reads; i++)
            {
                var frame = await stream.ReadAsync(offset, TestContext.Current.CancellationToken);
                if (frame.End)
                    return;
                offset = frame.Next;
            }
        }
        finally
        {
            stream.Cancel();
        }
    }

    private static async Task CheckAsync(ScriptedEngine scripted, GenerationWork work, IGenerationStream stream)
    {
        var choices = work.Prompts.Length * work.ChoicesPerPrompt;
        var generated = await Generated.ReadAsync(stream, choices);
        for (var choice = 0; choice < choices; choice++)
        {
            var expected = scripted.Expect(work, choice);
            Assert.Equal(expected.Ids, generated.Ids(choice));
            Assert.Equal(expected.Text, generated.Text(choice));
            Assert.Equal(expected.Finish, generated.Finishes[choice]);
            foreach (var (tokens, characters) in generated.TextAfter[choice])
                Assert.Equal(expected.Pieces.Take(tokens).Sum(p => p.Length), characters);
            if (work.TopLogprobs is null)
                Assert.Empty(generated.Logprobs[choice]);
            else
                Assert.Equal(expected.Logprobs.Select(l => l.Logprob), generated.Logprobs[choice].Select(l => l.Logprob));
        }
    }
}
