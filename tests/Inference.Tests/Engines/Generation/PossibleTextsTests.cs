using Meridian.Inference.Decoders.Contract;
using Meridian.Inference.Engines;
using Meridian.Inference.Engines.Generation;
using Meridian.Inference.Engines.Generation.Contract;
using Meridian.Inference.Sampling;
using Meridian.Inference.Tests.Decoders;
using Meridian.Load;
using Microsoft.Extensions.Logging.Abstractions;

namespace Meridian.Inference.Tests.Engines.Generation;

/// <summary>The judge of texts that were written while regions died, beside texts that the engine writes.</summary>
public sealed class PossibleTextsTests(MadeModels models) : IClassFixture<MadeModels>
{
    private const int MaxTokens = 40;

    [Theory]
    [InlineData(0)]
    [InlineData(0.9f)]
    public async Task What_the_model_writes_is_possible_and_no_other_text_or_seed_is(float temperature)
    {
        var package = await models.MakeAsync(KvLayout.Shared, MadeGenerationTests.Config, name: "generation");
        using var possible = await PossibleTexts.OfAsync(package.Directory);
        var factory = new GenerationEngineFactory(TimeProvider.System, NullLogger<GenerationEngine>.Instance);
        await using var engine = (GenerationEngine)await factory.CreateAsync(package, new EngineOptions(), TestContext.Current.CancellationToken);
        for (var seed = 0; seed < 20; seed++)
        {
            int[] prompt = [20, 41, 77, 130, 9 + seed];
            var body = new StreamBody($"{seed}", "generation", prompt, MaxTokens, new SamplingSettings { Temperature = temperature, Seed = seed });
            var work = new GenerationWork { Prompts = [new GenerationPrompt { TokenIds = prompt }], MaxTokens = MaxTokens, Sampling = body.Sampling, IgnoreEndOfText = true };
            var text = (await Generated.ReadAsync(MadeGenerationTests.Admitted(engine, work))).Text();

            Assert.True(possible.Contains(body, text), $"'{text}' of seed {seed}");
            Assert.False(possible.Contains(body, text + "x"));
            Assert.False(possible.Contains(body, text[..^1]));
            Assert.False(possible.Contains(body, $"{text[..(text.Length / 2)]}{(char)(text[text.Length / 2] ^ 1)}{text[((text.Length / 2) + 1)..]}"));
            Assert.False(possible.Contains(body with { Prompt = [20, 41, 77, 131, 9 + seed] }, text));
            if (temperature > 0)
                Assert.False(possible.Contains(body with { Sampling = body.Sampling with { Seed = seed + 100 } }, text));
        }
    }
}
