using Meridian.Inference.Engines;
using Meridian.Inference.Engines.Generation;
using Meridian.Inference.Sampling;
using Meridian.Inference.Tests.Decoders;
using Microsoft.Extensions.Logging.Abstractions;

namespace Meridian.Inference.Tests.Engines.Generation;

public sealed class StoriesGenerationTests
{
    private static readonly SamplingSettings Greedy = new() { Temperature = 0 };

    [Fact]
    public async Task Every_golden_prompt_alone()
    {
        await using var engine = await LoadAsync(new EngineOptions());
        foreach (var (prompt, expected) in Decoders.Stories.Golden())
        {
            var generated = await Generated.ReadAsync(Open(engine, prompt, expected.Length));
            Assert.Equal(expected, generated.Ids());
            Assert.Equal(GenerationFinish.Length, generated.Finishes[0]);
        }
    }

    private static async Task<GenerationEngine> LoadAsync(EngineOptions options)
    {
        var package = await TestModels.PackageAsync(TestModels.Folder("stories260k"));
        var factory = new GenerationEngineFactory(TimeProvider.System, NullLogger<GenerationEngine>.Instance);
        return (GenerationEngine)await factory.CreateAsync(package, options, TestContext.Current.CancellationToken);
    }

    private static IGenerationStream Open(GenerationEngine engine, int[] prompt, int? maxTokens)
    {
        var admission = engine.Open(new GenerationWork { Prompts = [new GenerationPrompt { TokenIds = prompt }], MaxTokens = maxTokens, Sampling = Greedy });
        Assert.True(admission.Status == GenerationStatus.Admitted, admission.Message);
        return admission.Stream!;
    }
}
