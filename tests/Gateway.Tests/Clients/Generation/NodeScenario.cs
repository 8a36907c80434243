using Meridian.Cluster.Tests.Harness;

namespace Meridian.Gateway.Tests.Clients.Generation;

/// <summary>A client of npm's against text generation at any Meridian address: a script of tests/tools.</summary>
public static class NodeScenario
{
    /// <summary>The official client.</summary>
    public static Task OpenAIAsync(Uri address, string model, string? lost = null) => RunAsync("openai-chat.mjs", "openai", address, model, lost);

    /// <summary>Vercel's, for addresses that speak OpenAI's API.</summary>
    public static Task AiSdkAsync(Uri address, string model, string? lost = null) => RunAsync("ai-sdk-chat.mjs", "@ai-sdk/openai-compatible", address, model, lost);

    private static async Task RunAsync(string script, string package, Uri address, string model, string? lost)
    {
        if (!TestTools.TryNode(package, out var node, out var reason))
        {
            Assert.Skip(reason);
        }

        List<string> arguments = [Path.Combine(Repository.Root, "tests", "tools", script), new Uri(address, "v1").ToString(), model];
        if (lost is not null)
        {
            arguments.Add(lost);
        }

        await using var client = ChildProcess.Start(script, node, arguments, [KeyValuePair.Create("MERIDIAN_TEST_TOOLS", TestTools.NpmFolder)]);
        await client.ExitAsync(TimeSpan.FromSeconds(120));
        Assert.True(client.ExitCode == 0, client.Tail(200));
    }
}
