using System.Text.Json.Nodes;
using Meridian.Inference.Decoders.Contract;
using Meridian.Inference.Engines;
using Meridian.Inference.Engines.Generation;
using Meridian.Inference.Engines.Generation.Contract;
using Meridian.Inference.Packages;
using Meridian.Inference.Sampling;
using Meridian.Inference.Tests.Engines.Generation;
using Microsoft.Extensions.Logging;

namespace Meridian.Inference.Tests.Decoders;

/// <summary>The tokens that end a text are those of all files of a model.</summary>
public sealed class EndTokenTests(MadeModels models) : IClassFixture<MadeModels>, IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("[7, 8]", "2", "[7,8,2]")]
    [InlineData("7", "[7, 2]", "[7,2]")]
    [InlineData(null, "2", "[2]")]
    [InlineData("null", "null", "[]")]
    public async Task Both_configurations_name_ends(string? generation, string config, string expected)
    {
        var package = await PackageAsync(generation, config, null);
        Assert.Equal(expected, $"[{string.Join(',', DecoderConfig.Read(package).EndIds)}]");
    }

    [Fact]
    public async Task An_end_that_only_the_tokenizer_names_ends_a_text()
    {
        var package = await PackageAsync(null, "299", "<|im_end|>");
        using var tokenizer = Inference.Tokenization.GenerationTokenizer.Load(package);
        var end = tokenizer.EndId!.Value;
        Assert.DoesNotContain(end, DecoderConfig.Read(package).EndIds);
        var log = new Lines();
        await using var engine = await LoadAsync(package, log);
        var admission = engine.Open(new GenerationWork
        {
            Prompts = [new GenerationPrompt { TokenIds = [20, 21] }],
            MaxTokens = 4,
            Sampling = new SamplingSettings { Temperature = 0, LogitBias = [(end, 100)] },
        });
        var generated = await Generated.ReadAsync(admission.Stream!);
        Assert.Equal((GenerationFinish.Stop, 1), (generated.Finishes[0], generated.Ids().Length));
        Assert.DoesNotContain(log, line => line.Contains("no token that ends a text", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_model_that_names_no_end_is_served_with_a_warning()
    {
        var log = new Lines();
        await using var engine = await LoadAsync(await PackageAsync(null, "null", null), log);
        Assert.Contains(log, line => line.Contains("no token that ends a text", StringComparison.Ordinal));
    }

    private static async Task<IGenerationEngine> LoadAsync(ModelPackage package, ILogger<GenerationEngine> logger) =>
        (IGenerationEngine)await new GenerationEngineFactory(TimeProvider.System, logger).CreateAsync(package, new EngineOptions { MaxSequences = 2 }, TestContext.Current.CancellationToken);

    private async Task<ModelPackage> PackageAsync(string? generation, string config, string? tokenizer)
    {
        var package = await models.MakeAsync(KvLayout.Shared);
        foreach (var file in package.Manifest.Files)
        {
            var target = Path.Combine(_folder.Path, file.Path);
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(Path.Combine(package.Directory, file.Path), target, overwrite: true);
        }

        if (generation is null)
            File.Delete(Path.Combine(_folder.Path, DecoderConfig.GenerationFileName));
        else
            Set(DecoderConfig.GenerationFileName, "eos_token_id", JsonNode.Parse(generation));
        Set(DecoderConfig.FileName, "eos_token_id", JsonNode.Parse(config));
        Set("tokenizer_config.json", "eos_token", tokenizer);
        Set("special_tokens_map.json", "eos_token", tokenizer);
        return await TestModels.PackageAsync(_folder.Path);
    }

    private void Set(string file, string field, JsonNode? value)
    {
        var path = Path.Combine(_folder.Path, file);
        var json = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        json[field] = value;
        File.WriteAllText(path, json.ToJsonString());
    }

    private sealed class Lines : List<string>, ILogger<GenerationEngine>
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (logLevel >= LogLevel.Warning)
                Add(formatter(state, exception));
        }
    }
}
