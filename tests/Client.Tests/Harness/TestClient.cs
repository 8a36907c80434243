using Meridian.Client.Chat;
using Meridian.Client.Hosting;
using Meridian.Messages;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;

namespace Meridian.Client.Tests.Harness;

/// <summary>A client with its container, looking often so that tests are quick.</summary>
internal sealed class TestClient : IAsyncDisposable
{
    private readonly ServiceProvider _services;

    public TestClient(IEnumerable<TestRegion> regions, Action<MeridianClientOptions>? configure = null, TimeProvider? time = null)
    {
        var services = new ServiceCollection();
        services.AddSingleton(new SeedSource(new Random(7)));
        services.AddSingleton(time ?? TimeProvider.System);
        services.AddMeridian(o =>
        {
            foreach (var region in regions)
                o.Regions.Add(region.Options);
            o.DefaultChatModel = "stories";
            o.PingInterval = TimeSpan.FromMilliseconds(50);
            o.PingTimeout = TimeSpan.FromSeconds(1);
            o.ReconnectMaxDelay = TimeSpan.FromMilliseconds(200);
            o.ReturnAfter = TimeSpan.FromMilliseconds(200);
            configure?.Invoke(o);
        });
        _services = services.BuildServiceProvider();
        Client = _services.GetRequiredService<IMeridianClient>();
    }

    public IMeridianClient Client { get; }

    public IEmbeddingGenerator<string, Embedding<float>> Generator => _services.GetRequiredService<IEmbeddingGenerator<string, Embedding<float>>>();

    public IChatClient Chat => _services.GetRequiredService<IChatClient>();

    public async Task<TestClient> UntilAsync(string what, Func<IReadOnlyList<RegionConnection>, bool> condition)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        try
        {
            await Client.WaitUntilAsync(condition, patience.Token);
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"{what}: not within 30 s; the regions are {string.Join("; ", Client.Regions)}");
        }

        return this;
    }

    public Task<TestClient> AllAliveAsync() => UntilAsync("every region alive", r => r.All(c => c.State == RegionConnectionState.Alive));

    public Task<TestClient> UntilAsync(TestRegion region, RegionConnectionState state) =>
        UntilAsync($"{region.Name} {state}", r => r.Single(c => c.Name == region.Name).State == state);

    public Task<InferResult> EmbedAsync(string text = "1 text", CancellationToken cancellationToken = default) =>
        Client.InferAsync(new EmbeddingInput { Texts = [text] }, cancellationToken: cancellationToken);

    public Task<IMeridianStream> OpenAsync(int remainingMs = 0, CancellationToken cancellationToken = default) => Client.OpenAsync(Generation(remainingMs), cancellationToken);

    public static InferRequest Generation(int remainingMs = 0, int choices = 1) => new()
    {
        RequestId = "",
        Model = "stories",
        RemainingMs = remainingMs,
        Input = new GenerationInput { Prompts = [new PromptInput { Text = "Once" }], ChoicesPerPrompt = choices, Sampling = new SamplingInput { Seed = 1 } },
    };

    public ValueTask DisposeAsync() => _services.DisposeAsync();
}
