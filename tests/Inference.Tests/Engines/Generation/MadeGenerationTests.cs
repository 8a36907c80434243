using CsCheck;
using Meridian.Inference.Decoders.Contract;
using Meridian.Inference.Engines;
using Meridian.Inference.Engines.Generation;
using Meridian.Inference.Engines.Generation.Contract;
using Meridian.Inference.Packages;
using Meridian.Inference.Sampling;
using Meridian.Inference.Tests.Decoders;
using Meridian.ModelTools.Llama;
using Meridian.ModelTools.Tokenization;
using Microsoft.Extensions.Logging.Abstractions;

namespace Meridian.Inference.Tests.Engines.Generation;

/// <summary>Random weights in every cache layout: in company a text is what it is alone, up to ties.</summary>
public sealed class MadeGenerationTests(MadeModels models) : IClassFixture<MadeModels>
{
    internal static readonly LlamaConfig Config = LlamaFolder.Configure(layers: 2, hidden: 64, heads: 4, kvHeads: 2, intermediate: 48, vocabulary: 300, context: 128);

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
                    MaxSequences = sequences,
                    PrefillChunk = chunk,
                    PrefixCache = cache,
                    KvCacheBytes = 150 * ties.BytesPerToken,
                    RingTokens = 7,
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

    public static TheoryData<KvLayout, SamplingSettings> Resumed
    {
        get
        {
            var data = new TheoryData<KvLayout, SamplingSettings>();
            foreach (var layout in new[] { KvLayout.Concatenated, KvLayout.Shared })
            {
                data.Add(layout, new SamplingSettings { Temperature = 0 });
                data.Add(layout, new SamplingSettings { Temperature = 0, RepetitionPenalty = 1.3f, PresencePenalty = 0.4f, FrequencyPenalty = 0.3f });
                data.Add(layout, new SamplingSettings { Temperature = 0.9f, TopP = 0.9f, TopK = 40, Seed = 11 });
                data.Add(layout, new SamplingSettings { Temperature = 1.2f, MinP = 0.01f, RepetitionPenalty = 1.2f, FrequencyPenalty = 0.5f, LogitBias = [(70, 3f)], Seed = -5 });
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Resumed))]
    public async Task Continued_on_a_fresh_engine_from_every_position_the_rest_is_the_same(KvLayout layout, SamplingSettings sampling)
    {
        var package = await models.MakeAsync(layout, Config, name: "generation");
        using var ties = new TieRule(package);
        await using var first = await LoadAsync(package, new EngineOptions());
        await using var second = await LoadAsync(package, new EngineOptions { PrefixCache = false });
        var work = new GenerationWork
        {
            Prompts = [new GenerationPrompt { TokenIds = [20, 41, 77, 130, 9] }],
            ChoicesPerPrompt = 3,
            MaxTokens = 24,
            Sampling = sampling,
        };

        // The same without stop strings, with one that a text has, across its tokens, and with one that it has at its end.
        var text = (await Generated.ReadAsync(Admitted(first, work), 3)).Text();
        Assert.True(text.Length > 6, $"'{text}' is too short for stop strings");
        foreach (var stop in new string[][] { [], [text[(text.Length / 2)..((text.Length / 2) + 2)]], [text[^2..], "no such text"] })
        {
            // The rule of ties is of greedy texts; draws have fixed seeds.
            var plain = sampling is { Temperature: 0, RepetitionPenalty: 1, FrequencyPenalty: 0 } && stop.Length == 0;
            await EveryPosition.CheckAsync(first, second, work with { Stop = stop }, DecoderConfig.Read(package).EndIds, plain ? ties : null);
        }
    }

    [Fact]
    public async Task Ids_that_only_the_graph_knows_are_generated_echoed_and_say_nothing()
    {
        using var root = new TemporaryDirectory();
        LlamaFolder.Make(root.Path, Config, 3, KvLayout.Shared, cancellationToken: TestContext.Current.CancellationToken);
        MadeTokenizer.Write(root.Path, MadeVocabulary.Make(280), Config.Context);
        await using var engine = await LoadAsync(await TestModels.PackageAsync(root.Path), new EngineOptions());
        var stream = Admitted(engine, new GenerationWork
        {
            Prompts = [new GenerationPrompt { TokenIds = [20, 299, 290] }],
            MaxTokens = 4,
            Sampling = new SamplingSettings { Temperature = 0, LogitBias = [(295, 100)] },
            TopLogprobs = 20,
            Echo = true,
        });
        Assert.Equal(engine.Tokenizer.Decode([20]), stream.Head.PromptTexts![0]);
        var generated = await Generated.ReadAsync(stream);
        Assert.Equal([295, 295, 295, 295], generated.Ids());
        Assert.Equal("", generated.Text());
        for (var id = 280; id < 300; id++)
            Assert.True(engine.Tokenizer.Bytes(id).IsEmpty);
        foreach (var (id, _) in generated.Logprobs[0].SelectMany(l => l.Top))
            _ = engine.Tokenizer.Bytes(id);
        Assert.Throws<ArgumentOutOfRangeException>(() => engine.Tokenizer.Decode([300]));
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

    private static IGenerationStream Open(GenerationEngine engine, int[] prompt) => Admitted(engine, new GenerationWork
    {
        Prompts = [new GenerationPrompt { TokenIds = prompt }],
        Sampling = new SamplingSettings { Temperature = 0, RepetitionPenalty = 1 },
        IgnoreEndOfText = true,
    });

    internal static IGenerationStream Admitted(GenerationEngine engine, GenerationWork work)
    {
        var admission = engine.Open(work);
        Assert.True(admission.Status == GenerationStatus.Admitted, admission.Message);
        return admission.Stream!;
    }
}
