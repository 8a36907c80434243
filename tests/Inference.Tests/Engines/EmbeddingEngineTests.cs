using Meridian.Inference.Engines;
using Meridian.Inference.Engines.Embeddings;
using Meridian.Inference.Packages;
using Microsoft.Extensions.DependencyInjection;

namespace Meridian.Inference.Tests.Engines;

public sealed class EmbeddingEngineTests(MiniLm model)
{
    public static TheoryData<EmbeddingWork, EmbeddingStatus, string, string> Refusals => new()
    {
        { new EmbeddingWork(), EmbeddingStatus.Invalid, "input", "neither" },
        { new EmbeddingWork { Texts = ["a"], TokenIds = [[1]] }, EmbeddingStatus.Invalid, "input", "both" },
        { new EmbeddingWork { Texts = [] }, EmbeddingStatus.Invalid, "input", "empty list" },
        { new EmbeddingWork { Texts = [""] }, EmbeddingStatus.Invalid, "input", "input is an empty text" },
        { new EmbeddingWork { Texts = ["a", null!] }, EmbeddingStatus.Invalid, "input[1]", "empty text" },
        { new EmbeddingWork { TokenIds = [[1], []] }, EmbeddingStatus.Invalid, "input[1]", "empty array" },
        { new EmbeddingWork { TokenIds = [[1, 30_522]] }, EmbeddingStatus.Invalid, "input", "30522 at position 1" },
        { new EmbeddingWork { TokenIds = [[5], [-1]] }, EmbeddingStatus.Invalid, "input[1]", "ids 0 to 30521" },
        { new EmbeddingWork { Texts = ["a"], Dimensions = 0 }, EmbeddingStatus.Invalid, "dimensions", "1 to 384" },
        { new EmbeddingWork { Texts = ["a"], Dimensions = 385 }, EmbeddingStatus.Invalid, "dimensions", "dimensions is 385" },
        { new EmbeddingWork { Texts = [.. Enumerable.Repeat("a", 4097)] }, EmbeddingStatus.Invalid, "input", "4097 items" },
        { new EmbeddingWork { Texts = ["a", Repeat(255)] }, EmbeddingStatus.TooLong, "input[1]", "has 257 tokens, special tokens included; this model takes at most 256" },
        { new EmbeddingWork { Texts = [Repeat(100_000)] }, EmbeddingStatus.TooLong, "input", "has more than " },
        { new EmbeddingWork { Texts = [new string(' ', 2_000_000)] }, EmbeddingStatus.TooLong, "input", "has 2000000 characters" },
        { new EmbeddingWork { TokenIds = [new int[255]] }, EmbeddingStatus.TooLong, "input", "has 257 tokens" },
    };

    [Theory]
    [MemberData(nameof(Refusals), DisableDiscoveryEnumeration = true)]
    public async Task Wrong_input_is_an_outcome_that_names_field_value_and_remedy(EmbeddingWork work, EmbeddingStatus status, string param, string message)
    {
        var outcome = await model.Engine.EmbedAsync(work, TestContext.Current.CancellationToken);
        Assert.Equal((status, param, 0, 0), (outcome.Status, outcome.Param, outcome.Rows, outcome.Vectors.Length));
        Assert.Contains(message, outcome.Message, StringComparison.Ordinal);
        Assert.Equal(0, model.Engine.Load.Queued);
    }

    [Fact]
    public async Task The_limit_is_exact_and_truncation_keeps_the_first_tokens()
    {
        var fits = await EmbedAsync(new EmbeddingWork { Texts = [Repeat(254)] });
        Assert.Equal(256, fits.PromptTokens);
        var cut = await EmbedAsync(new EmbeddingWork { Texts = [Repeat(300), Repeat(200_000)], Truncate = true });
        Assert.Equal(512, cut.PromptTokens);
        Assert.All(MiniLm.Vectors(cut), v => Assert.Equal(MiniLm.Vectors(fits)[0], v));
        var ids = await EmbedAsync(new EmbeddingWork { TokenIds = [[.. Enumerable.Repeat(2051, 400)]], Truncate = true });
        Assert.Equal(256, ids.PromptTokens);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(13)]
    [InlineData(256)]
    [InlineData(383)]
    public async Task Fewer_dimensions_are_the_first_ones_renormalised(int dimensions)
    {
        var full = MiniLm.Vectors(await EmbedAsync(new EmbeddingWork { Texts = ["cut me"] })).Single();
        var outcome = await EmbedAsync(new EmbeddingWork { Texts = ["cut me"], Dimensions = dimensions });
        var cut = MiniLm.Vectors(outcome).Single();
        Assert.Equal(dimensions, outcome.Dimensions);
        Assert.Equal(1, cut.Sum(x => (double)x * x), 1e-5);
        var norm = Math.Sqrt(full.Take(dimensions).Sum(x => (double)x * x));
        Assert.All(full.Take(dimensions).Zip(cut), p => Assert.Equal(p.First / norm, p.Second, 1e-5));
    }

    [Fact]
    public async Task A_vector_has_the_same_bits_alone_and_in_any_batch()
    {
        string[] texts = [.. Enumerable.Range(1, 60).Select(Repeat)];
        var alone = new List<float[]>();
        foreach (var text in texts)
            alone.Add((await model.EmbedAsync(text)).Single());
        Assert.Equal(alone, await model.EmbedAsync(texts));
        Assert.Equal(alone, (await Task.WhenAll(texts.Select(t => model.EmbedAsync(t)))).Select(v => v.Single()));
    }

    [Fact]
    public async Task More_threads_and_workers_give_the_same_bits()
    {
        await using var engine = (IEmbeddingEngine)await MiniLm.Factory.CreateAsync(model.Package, new EngineOptions { IntraOpThreads = 2, Workers = 2, MaxBatch = 4 }, TestContext.Current.CancellationToken);
        string[] texts = [.. Enumerable.Range(1, 24).Select(Repeat)];
        Assert.Equal(await model.EmbedAsync(texts), MiniLm.Vectors(await engine.EmbedAsync(new EmbeddingWork { Texts = texts }, TestContext.Current.CancellationToken)));
    }

    [Fact]
    public async Task An_engine_reports_its_model_and_a_warm_estimate_of_its_speed()
    {
        var engine = model.Engine;
        Assert.Equal(("cpu:0", 384, 256, model.Package), (engine.Device, engine.Dimensions, engine.MaxTokens, engine.Package));
        Assert.True(engine.Load.ServiceMs > 0);
        Assert.Equal(4096, engine.Load.QueueCapacity);
        var outcome = await EmbedAsync(new EmbeddingWork { Texts = ["one"] });
        Assert.True(outcome.ServiceMs > 0);
    }

    [Fact]
    public async Task A_call_after_disposal_says_that_the_engine_stopped()
    {
        var engine = (IEmbeddingEngine)await MiniLm.Factory.CreateAsync(model.Package, new EngineOptions(), TestContext.Current.CancellationToken);
        var running = engine.EmbedAsync(new EmbeddingWork { Texts = [.. Enumerable.Repeat(Repeat(250), 50)] }, CancellationToken.None).AsTask();
        await engine.DisposeAsync();
        await engine.DisposeAsync();
        await Assert.ThrowsAsync<EngineStoppedException>(() => running);
        await Assert.ThrowsAsync<EngineStoppedException>(() => engine.EmbedAsync(new EmbeddingWork { Texts = ["late"] }, CancellationToken.None).AsTask());
    }

    [Fact]
    public async Task A_fired_token_costs_nothing()
    {
        var cancelled = new CancellationToken(true);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => model.Engine.EmbedAsync(new EmbeddingWork { Texts = ["a"] }, cancelled).AsTask());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => MiniLm.Factory.CreateAsync(model.Package, new EngineOptions(), cancelled));
    }

    [Fact]
    public async Task A_manifest_that_describes_no_embedding_model_is_refused_with_every_mistake()
    {
        var package = model.Package with { Manifest = model.Package.Manifest with { Pooling = "last", Tokenizer = null, Dimensions = 0, MaxTokens = 2 } };
        var e = await Assert.ThrowsAsync<ModelPackageException>(() => MiniLm.Factory.CreateAsync(package, new EngineOptions(), CancellationToken.None));
        Assert.All(["pooling 'last'", "tokenizer", "dimensions 0", "maxTokens 2"], m => Assert.Contains(m, e.Message, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_graph_of_other_dimensions_is_refused()
    {
        var package = model.Package with { Manifest = model.Package.Manifest with { Dimensions = 768 } };
        var e = await Assert.ThrowsAsync<ModelPackageException>(() => MiniLm.Factory.CreateAsync(package, new EngineOptions(), CancellationToken.None));
        Assert.Contains("last_hidden_state", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_catalog_finds_the_factory_by_kind()
    {
        using var root = new TemporaryDirectory();
        await using var services = new ServiceCollection().AddLogging().AddMeridianInference(o => o.Root = root.Path).BuildServiceProvider();
        var catalog = services.GetRequiredService<EngineCatalog>();
        await using var engine = await catalog.CreateAsync(model.Package, new EngineOptions(), TestContext.Current.CancellationToken);
        Assert.IsType<EmbeddingEngine>(engine);
        var other = model.Package with { Manifest = model.Package.Manifest with { Kind = "vision" } };
        Assert.Contains("it runs embedding", (await Assert.ThrowsAsync<ModelPackageException>(() => catalog.CreateAsync(other, new EngineOptions(), CancellationToken.None))).Message, StringComparison.Ordinal);
    }

    private async Task<EmbeddingOutcome> EmbedAsync(EmbeddingWork work)
    {
        var outcome = await model.Engine.EmbedAsync(work, TestContext.Current.CancellationToken);
        Assert.Equal(EmbeddingStatus.Done, outcome.Status);
        return outcome;
    }

    private static string Repeat(int words) => string.Join(' ', Enumerable.Repeat("that", words));
}
