using Meridian.Gateway.Tests.Clients.Generation;
using Meridian.Gateway.Tests.Hosting;

namespace Meridian.Gateway.Tests.Clients;

/// <summary>The clients that callers have against the facade over a scripted model. The same scenarios run against real regions elsewhere.</summary>
public sealed class GenerationClientTests
{
    [Fact]
    public Task The_npm_client_passes() => PassesAsync(host => NodeScenario.OpenAIAsync(host.Address, "story", "lost"));

    [Fact]
    public Task The_AI_SDK_passes() => PassesAsync(host => NodeScenario.AiSdkAsync(host.Address, "story", "lost"));

    [Fact]
    public Task The_NuGet_client_passes() => PassesAsync(host => OpenAIChatScenario.RunAsync(host.Address, "story", "lost"));

    [Fact]
    public Task Microsoft_Extensions_AI_passes() => PassesAsync(host => ExtensionsAIScenario.RunAsync(host.Address, "story", "lost"));

    private static async Task PassesAsync(Func<GatewayHost, Task> scenario)
    {
        await using var host = await GatewayHost.StartAsync();
        await scenario(host);
        await host.App.StopAsync();
        Assert.Empty(host.Log.Entries);
    }
}
