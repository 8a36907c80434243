using CsCheck;
using Meridian.Inference.Decoders;
using Meridian.Inference.Engines;
using Meridian.Inference.Engines.Generation;
using Meridian.Inference.Engines.Generation.Contract;
using Meridian.Inference.Packages;
using Meridian.Inference.Sampling;
using Meridian.Inference.Tests.Decoders;
using Microsoft.Extensions.Logging.Abstractions;

namespace Meridian.Inference.Tests.Engines.Generation;

/// <summary>
/// Real arithmetic: a reproducible request gives the same ids and log probabilities to the last bit alone, beside others, preempted, gone on with from anywhere, and after others have left
/// beginnings and answers in the cache. 4-bit weights with 8-bit activations magnify the smallest difference to another text.
/// </summary>
public sealed class SameBitsTests
{
    private const int Vocabulary = 384;

    [Theory]
    [InlineData("int4-256")]
    [InlineData(TestModels.BuiltIn)]
    public async Task The_same_request_has_the_same_bits_whatever_happens_to_it(string model)
    {
        var package = await TestModels.PackageAsync(TestModels.Folder(model));
        await using var alone = await LoadAsync(package, new EngineOptions { MaxSequences = 1, PrefixCache = false, PrefillChunk = 512 });
        var (preemptions, cached, resumed, texts) = (0L, 0L, 0, 0);
        await Requests.Array[12, 24].SampleAsync(
            async requests =>
            {
                var expected = new Generated[requests.Length];
                for (var i = 0; i < requests.Length; i++)
                    expected[i] = await Generated.ReadAsync(Open(alone, requests[i].Work));
                var budget = 560 * BytesPerToken(package);
                await using var engine = await LoadAsync(package, new EngineOptions { MaxSequences = 8, PrefillChunk = 24, KvCacheBytes = budget, ExactReplay = TimeSpan.FromHours(1) });
                await Task.WhenAll(requests.Select((request, i) => CheckAsync(engine, request, expected[i])));
                preemptions += engine.Counters.Preemptions;
                cached += engine.Counters.CachedTokens;
                resumed += requests.Count(r => r.ResumeAt > 0);
                texts += requests.Length;
            },
            iter: 4,
            threads: 1);
        TestContext.Current.TestOutputHelper?.WriteLine($"{model}: {texts} texts, {preemptions} preemptions, {cached} cached tokens, {resumed} resumed");
        Assert.True(preemptions > 0 && cached > 0 && resumed > 0, $"{preemptions} preemptions, {cached} cached tokens, {resumed} resumed: the property hardly met what it is about");
    }

    private static readonly Gen<Asked> Requests =
        from head in Gen.Int[0, 3]
        from rest in Gen.Int[10, Vocabulary - 1].Array[1, 30]
        from most in Gen.Int[1, 150]
        from open in Gen.Frequency((3, Gen.Const(true)), (1, Gen.Const(false)))
        from temperature in Gen.Int[0, 1].Select(i => i == 0 ? 0f : 0.9f)
        from seed in Gen.Long
        from resumeAt in Gen.Frequency((1, Gen.Const(-1)), (1, Gen.Int[1, 140]))
        from turns in Gen.Int[0, 2]
        select new Asked(
            new GenerationWork
            {
                Prompts = [new GenerationPrompt { TokenIds = [.. Enumerable.Range(0, head * 12).Select(i => 20 + (i * 7 % 300)), .. rest] }],
                MaxTokens = most,
                Sampling = new SamplingSettings { Temperature = temperature, Seed = seed },
                TopLogprobs = 3,
                IgnoreEndOfText = true,
                Reproducible = true,
            },
            resumeAt,
            turns,
            open);

    private static async Task CheckAsync(GenerationEngine engine, Asked request, Generated expected)
    {
        var begin = Math.Clamp(request.ResumeAt, 0, expected.Ids().Length - 1);
        var work = request.Work;
        if (request.ResumeAt > 0)
            work = work with { Resume = [new ChoiceState(0, expected.Ids()[..begin])], Arithmetic = engine.Arithmetic };
        if (request.Open)
        {
            // Without a limit of its own it takes memory as it grows, and gives way; its text is longer than what was asked for alone.
            using var reading = new Reading(Open(engine, work with { MaxTokens = null }));
            Same(expected, begin, await reading.TakeAsync(expected.Ids().Length - begin));
        }
        else
        {
            var generated = await Generated.ReadAsync(Open(engine, work), begins: _ => begin);
            Assert.False(generated.Inexact);
            Same(expected, begin, [.. generated.Logprobs[0]]);
        }

        // The next turn of the conversation finds the answer in the cache, computed token by token. What it gives must be what it gives where nothing is cached.
        if (request.Turns > 0)
        {
            int[] prompt = [.. work.Prompts[0].TokenIds!, .. expected.Ids().Take(100), 11, 12];
            var next = work with { Prompts = [new GenerationPrompt { TokenIds = prompt }], MaxTokens = 20, Resume = null };
            var once = await Generated.ReadAsync(Open(engine, next));
            var uncached = await Generated.ReadAsync(Open(engine, next with { Tenant = Guid.NewGuid().ToString() }));
            Same(uncached, 0, [.. once.Logprobs[0]]);
            for (var turn = 1; turn < request.Turns; turn++)
                Same(uncached, 0, [.. (await Generated.ReadAsync(Open(engine, next))).Logprobs[0]]);
        }
    }

    private static void Same(Generated expected, int begin, GeneratedLogprob[] actual)
    {
        Assert.Equal(expected.Ids()[begin..(begin + actual.Length)], actual.Select(l => l.TokenId));
        Assert.Equal(
            expected.Logprobs[0].Skip(begin).Take(actual.Length).SelectMany(Bits),
            actual.SelectMany(Bits));
    }

    private static IEnumerable<int> Bits(GeneratedLogprob logprob) =>
        [BitConverter.SingleToInt32Bits(logprob.Logprob), .. logprob.Top.SelectMany(t => new[] { t.TokenId, BitConverter.SingleToInt32Bits(t.Logprob) })];

    private static async Task<GenerationEngine> LoadAsync(ModelPackage package, EngineOptions options)
    {
        var factory = new GenerationEngineFactory(TimeProvider.System, NullLogger<GenerationEngine>.Instance);
        return (GenerationEngine)await factory.CreateAsync(package, options, TestContext.Current.CancellationToken);
    }

    private static long BytesPerToken(ModelPackage package) => DecoderCheck.Run(package).BytesPerToken;

    private static IGenerationStream Open(GenerationEngine engine, GenerationWork work)
    {
        var admission = engine.Open(work);
        Assert.True(admission.Status == GenerationStatus.Admitted, $"{admission.Status}: {admission.Message}");
        return admission.Stream!;
    }

    private sealed record Asked(GenerationWork Work, int ResumeAt, int Turns, bool Open);

    private sealed class Reading(IGenerationStream stream) : IDisposable
    {
        public async Task<GeneratedLogprob[]> TakeAsync(int count)
        {
            var taken = new List<GeneratedLogprob>();
            while (taken.Count < count)
            {
                var frame = await stream.ReadAsync(taken.Count, TestContext.Current.CancellationToken);
                Assert.False(frame.Inexact);
                taken.AddRange(frame.Groups.SelectMany(g => g.Logprobs!));
            }

            return [.. taken.Take(count)];
        }

        public void Dispose() => stream.Cancel();
    }
}
