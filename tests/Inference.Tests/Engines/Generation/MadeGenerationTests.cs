using CsCheck;
using Meridian.Inference.Decoders;
using Meridian.Inference.Engines;
using Meridian.Inference.Engines.Generation;
using Meridian.Inference.Packages;
using Meridian.Inference.Sampling;
using Meridian.Inference.Tests.Decoders;
using Meridian.ModelTools.Llama;
using Microsoft.Extensions.Logging.Abstractions;

namespace Meridian.Inference.Tests.Engines.Generation;

/// <summary>Random weights in every cache layout: in company a text is what it is alone, up to ties.</summary>
public sealed class MadeGenerationTests(MadeModels models) : IClassFixture<MadeModels>
{
    private static readonly LlamaConfig Config = LlamaFolder.Configure(layers: 2, hidden: 64, heads: 4, kvHeads: 2, intermediate: 48, vocabulary: 300, context: 128);

    [Theory]
    [InlineData(KvLayout.Concatenated)]
    [InlineData(KvLayout.Shared)]
    [InlineData(KvLayout.Merged)]
    public async Task In_random_company_with_memory_short_and_prefixes_reused_a_text_is_what_it_is_alone(KvLayout layout)
    {
        var package = await models.MakeAsync(layout, Config, name: "generation");
        using var ties = new TieRule(package);
        var alone = new Dictionary<string, int[]>();
        await using var first = await LoadAsync(package, new EngineOptions { PrefixCache = false });
        var runs = 0;
        var preemptions = 0L;
        await Gen.Select(Prompts, Gen.Bool, Gen.Int[1, 6], Gen.Int[1, 40]).SampleAsync(
            async (prompts, cache, sequences, chunk) =>
            {
                foreach (var prompt in prompts)
                {
                    if (alone.TryAdd(Key(prompt), []))
                        alone[Key(prompt)] = (await Generated.ReadAsync(Open(first, prompt))).Ids();
                }

                await using var engine = await LoadAsync(package, new EngineOptions
                {
                    MaxSequences = sequences, PrefillChunk = chunk, PrefixCache = cache, KvCacheBytes = 150 * ties.BytesPerToken, RingTokens = 7,
                });
                var all = await Task.WhenAll(prompts.Select(p => Generated.ReadAsync(Open(engine, p))));
                for (var i = 0; i < prompts.Length; i++)
                    ties.Check(prompts[i], alone[Key(prompts[i])], all[i].Ids());
                var counters = engine.Counters;
                Assert.Equal((0, 0L, 0), (counters.SlotsInUse, counters.ReservedTokens, counters.Waiting));
                preemptions += counters.Preemptions;
                runs += prompts.Length;
            },
            iter: 12,
            threads: 1);
        Assert.True(preemptions > 0);
        Assert.True(ties.Ties <= runs / 10, $"{ties.Ties} of {runs} texts differ by a tie");
        TestContext.Current.SendDiagnosticMessage($"{layout}: {ties.Ties} ties in {runs} texts, {preemptions} preemptions");

        static string Key(int[] prompt) => string.Join(',', prompt);
    }

    private static readonly Gen<int[][]> Prompts =
        (from head in Gen.Int[0, 2]
         from rest in Gen.Int[5, 299].Array[1, 20]
         select (int[])[.. Enumerable.Range(0, head * 12).Select(i => 20 + i), .. rest]).Array[2, 8];

    private static async Task<GenerationEngine> LoadAsync(ModelPackage package, EngineOptions options)
    {
        var factory = new GenerationEngineFactory(TimeProvider.System, NullLogger<GenerationEngine>.Instance);
        return (GenerationEngine)await factory.CreateAsync(package, options, TestContext.Current.CancellationToken);
    }

    private static IGenerationStream Open(GenerationEngine engine, int[] prompt)
    {
        var admission = engine.Open(new GenerationWork
        {
            Prompts = [new GenerationPrompt { TokenIds = prompt }],
            Sampling = new SamplingSettings { Temperature = 0, RepetitionPenalty = 1 },
            IgnoreEndOfText = true,
        });
        Assert.True(admission.Status == GenerationStatus.Admitted, admission.Message);
        return admission.Stream!;
    }
}
