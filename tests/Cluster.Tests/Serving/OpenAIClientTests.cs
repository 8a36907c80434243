using System.ClientModel;
using System.ClientModel.Primitives;
using Meridian.Cluster.Tests.Harness;
using OpenAI;
using OpenAI.Embeddings;

namespace Meridian.Cluster.Tests.Serving;

/// <summary>The official clients, unchanged, against a front door and against a region's facade.</summary>
[Collection(ThreeRegionsCollection.Name)]
public sealed class OpenAIClientTests(ThreeRegions three)
{
    [Theory]
    [InlineData("front door")]
    [InlineData("facade")]
    public async Task The_npm_client_passes(string edge)
    {
        if (!TestTools.TryNode("openai", out var node, out var reason))
        {
            Assert.Skip(reason);
        }

        await using var client = ChildProcess.Start(
            "openai-client.mjs",
            node,
            [Path.Combine(Repository.Root, "tests", "tools", "openai-client.mjs"), new Uri(Address(edge), "v1").ToString(), "minilm"],
            [KeyValuePair.Create("MERIDIAN_TEST_TOOLS", TestTools.NpmFolder)]);
        await client.ExitAsync(TimeSpan.FromSeconds(60));
        Assert.True(client.ExitCode == 0, client.Tail(200));
    }

    [Theory]
    [InlineData("front door")]
    [InlineData("facade")]
    public async Task The_NuGet_client_passes(string edge)
    {
        var options = new OpenAIClientOptions { Endpoint = new Uri(Address(edge), "v1"), RetryPolicy = new ClientRetryPolicy(maxRetries: 0) };
        var openai = new OpenAIClient(new ApiKeyCredential("any"), options);
        var embeddings = openai.GetEmbeddingClient("minilm");

        var one = (await embeddings.GenerateEmbeddingAsync("A quick brown fox.")).Value.ToFloats().ToArray();
        Assert.Equal(384, one.Length);
        Assert.Equal(1.0, one.Sum(x => (double)x * x), 1e-4);

        var many = (await embeddings.GenerateEmbeddingsAsync(["A quick brown fox.", "Something else."])).Value;
        Assert.Equal(2, many.Count);
        Assert.Equal(one, many[0].ToFloats().ToArray());
        Assert.True(many.Usage.InputTokenCount > 0);

        var cut = (await embeddings.GenerateEmbeddingAsync("A quick brown fox.", new EmbeddingGenerationOptions { Dimensions = 32 })).Value.ToFloats();
        Assert.Equal(32, cut.Length);

        var tokens = (await embeddings.GenerateEmbeddingsAsync([new ReadOnlyMemory<int>([7592, 2088])])).Value;
        var words = (await embeddings.GenerateEmbeddingAsync("hello world")).Value;
        Assert.Equal(words.ToFloats().ToArray(), tokens[0].ToFloats().ToArray());

        var refused = await Assert.ThrowsAsync<ClientResultException>(() => openai.GetEmbeddingClient("none").GenerateEmbeddingAsync("x"));
        Assert.Equal(404, refused.Status);
        Assert.Contains("model_not_found", refused.Message, StringComparison.Ordinal);

        var models = (await openai.GetOpenAIModelClient().GetModelsAsync()).Value;
        Assert.Contains(models, m => m.Id == "minilm");
        Assert.Equal("minilm", (await openai.GetOpenAIModelClient().GetModelAsync("minilm")).Value.Id);
    }

    private Uri Address(string edge) =>
        edge == "facade" ? three.Installation.Facade(three.Installation.Regions[1]).Address : three.Installation.FrontDoor.Address;
}
