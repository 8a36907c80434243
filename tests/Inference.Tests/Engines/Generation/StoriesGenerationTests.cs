using System.Text.Json;
using Meridian.Inference.Decoders.Contract;
using Meridian.Inference.Engines;
using Meridian.Inference.Engines.Generation;
using Meridian.Inference.Engines.Generation.Contract;
using Meridian.Inference.Packages;
using Meridian.Inference.Sampling;
using Meridian.Inference.Tests.Decoders;
using Meridian.ModelTools.Llama;
using Microsoft.Extensions.Logging.Abstractions;

namespace Meridian.Inference.Tests.Engines.Generation;

/// <summary>The model that comes with Meridian.</summary>
public sealed class BuiltInStoriesGenerationTests() : StoriesGenerationTests(TestModels.BuiltIn, KvLayout.Shared);

/// <summary>Its teacher.</summary>
public sealed class TeacherStoriesGenerationTests() : StoriesGenerationTests(TestModels.Teacher, KvLayout.Concatenated);

/// <summary>A trained model says its golden texts, token for token, whatever else the engine does.</summary>
/// <param name="name">Of the model.</param>
/// <param name="own">The layout that it comes in.</param>
public abstract class StoriesGenerationTests(string name, KvLayout own) : IDisposable
{
    private readonly TemporaryDirectory _exports = new();

    private static readonly SamplingSettings Greedy = new() { Temperature = 0 };

    public void Dispose()
    {
        _exports.Dispose();
        GC.SuppressFinalize(this);
    }

    [Theory]
    [InlineData(KvLayout.Concatenated)]
    [InlineData(KvLayout.Shared)]
    [InlineData(KvLayout.Merged)]
    public async Task Every_golden_prompt_alone(KvLayout layout)
    {
        await using var engine = await LoadAsync(new EngineOptions(), layout);
        foreach (var golden in Cases())
        {
            var stream = Open(engine, new GenerationPrompt { Text = golden.Text }, golden.Generated.Length);
            var generated = await Generated.ReadAsync(stream);
            Assert.Equal(golden.Prompt, stream.Head.PromptIds[0]);
            Assert.Equal(golden.Generated, generated.Ids());
            if (golden.GeneratedText is not null)
                Assert.Equal(golden.GeneratedText, generated.Text());
            Assert.Equal(golden.Ended ? GenerationFinish.Stop : GenerationFinish.Length, generated.Finishes[0]);
        }
    }

    [Theory]
    [InlineData(true, KvLayout.Concatenated)]
    [InlineData(false, KvLayout.Concatenated)]
    [InlineData(true, KvLayout.Shared)]
    [InlineData(false, KvLayout.Shared)]
    [InlineData(true, KvLayout.Merged)]
    public async Task All_golden_prompts_together_joining_at_random_steps(bool prefixCache, KvLayout layout)
    {
        var cases = Cases();
        using var ties = new TieRule(await PackageAsync());
        for (var seed = 0; seed < 3; seed++)
        {
            await using var engine = await LoadAsync(new EngineOptions { MaxSequences = 7, PrefillChunk = 3 + seed, PrefixCache = prefixCache }, layout);
            var random = new Random(seed);
            var joins = new List<Task>();
            foreach (var whole in cases.Concat(cases).OrderBy(_ => random.Next()))
            {
                // Half of them with a part of their text as prompt: these begin alike.
                var cut = random.Next(2) * random.Next(10, 60);
                var golden = whole with { Prompt = [.. whole.Prompt, .. whole.Generated[..cut]], Generated = whole.Generated[cut..] };
                var generated = new Generated(Open(engine, golden, golden.Generated.Length));
                await generated.ReadAsync(frames: random.Next(1, 15));
                joins.Add(CheckAsync(generated, golden, ties));
            }

            await Task.WhenAll(joins);
            Assert.True(prefixCache == engine.Counters.CachedTokens > 0, $"{engine.Counters.CachedTokens} tokens came from the prefix cache");
        }

        Assert.Equal(0, ties.Ties);
    }

    [Theory]
    [InlineData(true, KvLayout.Concatenated)]
    [InlineData(false, KvLayout.Concatenated)]
    [InlineData(true, KvLayout.Shared)]
    [InlineData(false, KvLayout.Shared)]
    [InlineData(true, KvLayout.Merged)]
    public async Task With_so_little_memory_that_sequences_give_way(bool prefixCache, KvLayout layout)
    {
        // 600 tokens for sequences that may take 511 each: they begin together and cannot end together.
        var package = await PackageAsync();
        using var ties = new TieRule(package);
        var perToken = ties.BytesPerToken;
        await using var engine = await LoadAsync(new EngineOptions { MaxSequences = 8, KvCacheBytes = 600 * perToken, PrefixCache = prefixCache }, layout);
        var cases = Cases();
        await Task.WhenAll(cases.Select(golden => CheckAsync(new Generated(Open(engine, golden, null)), golden, ties)));
        var counters = engine.Counters;
        Assert.True(counters.Preemptions > 3, $"{counters.Preemptions} preemptions");
        Assert.Equal((0, 0L), (counters.SlotsInUse, counters.ReservedTokens));
        Assert.Equal(0, ties.Ties);
    }

    [Theory]
    [InlineData(0f, 1f, 0f)]
    [InlineData(0f, 1.2f, 0.3f)]
    [InlineData(0.9f, 1f, 0f)]
    [InlineData(0.9f, 1.2f, 0.3f)]
    public async Task Continued_on_a_fresh_engine_from_every_position_the_rest_is_the_same(float temperature, float repetition, float frequency)
    {
        await using var first = await LoadAsync(new EngineOptions());
        await using var second = await LoadAsync(new EngineOptions { PrefixCache = false });
        var work = new GenerationWork
        {
            Prompts = [new GenerationPrompt { Text = "Once upon a time" }],
            ChoicesPerPrompt = 3,
            MaxTokens = 60,
            Sampling = new SamplingSettings { Temperature = temperature, RepetitionPenalty = repetition, FrequencyPenalty = frequency, TopP = 0.95f, Seed = 42 },
            Stop = ["Tom", " mom ", "to play"],
        };
        await EveryPosition.CheckAsync(first, second, work, DecoderConfig.Read(first.Package).EndIds);
    }

    [Fact]
    public async Task Logprobs_are_the_models_own()
    {
        await using var engine = await LoadAsync(new EngineOptions());
        var work = new GenerationWork { Prompts = [new GenerationPrompt { Text = "Lily and Ben" }], MaxTokens = 20, Sampling = Greedy, TopLogprobs = 3 };
        var plain = await Generated.ReadAsync(Open(engine, work));
        var pushed = await Generated.ReadAsync(Open(engine, work with { MaxTokens = 1, Sampling = new SamplingSettings { Temperature = 0, LogitBias = [(300, 100)] } }));
        Assert.Equal(300, pushed.Ids()[0]);
        Assert.Equal(plain.Logprobs[0][0].Top, pushed.Logprobs[0][0].Top);
        Assert.True(pushed.Logprobs[0][0].Logprob < plain.Logprobs[0][0].Logprob);
        Assert.All(plain.Logprobs[0], l => Assert.Equal((l.TokenId, l.Logprob), l.Top[0]));
    }

    private static async Task CheckAsync(Generated generated, Golden golden, TieRule ties)
    {
        await generated.ReadAsync();
        lock (ties)
            ties.Check(golden.Prompt, golden.Generated, generated.Ids().AsSpan(0, Math.Min(golden.Generated.Length, generated.Ids().Length)));
    }

    private Task<ModelPackage> PackageAsync() => TestModels.PackageAsync(TestModels.Folder(name));

    /// <summary>An engine of the model as it is, or of the same weights in another layout.</summary>
    private async Task<GenerationEngine> LoadAsync(EngineOptions options, KvLayout? layout = null)
    {
        var package = await PackageAsync();
        if (layout is { } other && other != own)
        {
            var export = Path.Combine(_exports.Path, $"{other}");
            if (!Directory.Exists(export))
                LlamaFolder.Export(package.Directory, export, other);
            package = await TestModels.PackageAsync(export);
        }

        var factory = new GenerationEngineFactory(TimeProvider.System, NullLogger<GenerationEngine>.Instance);
        return (GenerationEngine)await factory.CreateAsync(package, options, TestContext.Current.CancellationToken);
    }

    private static IGenerationStream Open(GenerationEngine engine, Golden golden, int? maxTokens) =>
        Open(engine, new GenerationPrompt { TokenIds = golden.Prompt }, maxTokens);

    private static IGenerationStream Open(GenerationEngine engine, GenerationPrompt prompt, int? maxTokens) =>
        Open(engine, new GenerationWork { Prompts = [prompt], MaxTokens = maxTokens, Sampling = Greedy });

    private static IGenerationStream Open(GenerationEngine engine, GenerationWork work)
    {
        var admission = engine.Open(work);
        Assert.True(admission.Status == GenerationStatus.Admitted, admission.Message);
        return admission.Stream!;
    }

    private List<Golden> Cases()
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(TestModels.Folder(name), "GOLDEN.json")));
        return
        [
            .. document.RootElement.GetProperty("cases").EnumerateArray().Select(c => Read(c, ended: false)),
            .. document.RootElement.GetProperty("to_end_of_story").GetProperty("cases").EnumerateArray().Select(c => Read(c, ended: true)),
        ];

        static Golden Read(JsonElement one, bool ended) => new(
            one.GetProperty("prompt").GetString()!, Ids(one, "prompt_ids"), Ids(one, "generated_ids"), one.TryGetProperty("generated_text", out var text) ? text.GetString() : null, ended);

        static int[] Ids(JsonElement one, string field) => [.. one.GetProperty(field).EnumerateArray().Select(i => i.GetInt32())];
    }

    private sealed record Golden(string Text, int[] Prompt, int[] Generated, string? GeneratedText, bool Ended);
}
