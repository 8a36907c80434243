using System.ClientModel;
using System.ClientModel.Primitives;
using Meridian.Gateway.Tests.Hosting;
using Meridian.Messages;
using OpenAI;
using OpenAI.Embeddings;
using OpenAI.Models;

namespace Meridian.Gateway.Tests.Clients;

/// <summary>The official .NET client against the facade, with nothing changed but the address.</summary>
public sealed class OpenAIClientTests
{
    [Fact]
    public async Task Embeddings_one_and_many()
    {
        await using var host = await GatewayHost.StartAsync();
        var client = new EmbeddingClient("minilm", new ApiKeyCredential("any-key"), Options(host));
        var one = (await client.GenerateEmbeddingAsync("hello")).Value;
        Assert.Equal([1 / 3f, 1 / 4f, 1 / 5f, 1 / 6f], one.ToFloats().ToArray());

        var many = (await client.GenerateEmbeddingsAsync(["a", "b", "c"], new EmbeddingGenerationOptions { Dimensions = 5, EndUserId = "me" })).Value;
        Assert.Equal(3, many.Count);
        Assert.Equal("minilm", many.Model);
        Assert.Equal(9, many.Usage.InputTokenCount);
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(i, many[i].Index);
            Assert.Equal(Enumerable.Range(0, 5).Select(j => EdgeDouble.Component(i, j)), many[i].ToFloats().ToArray());
        }

        var tokens = (await client.GenerateEmbeddingsAsync([new ReadOnlyMemory<int>([1, 2, 3])])).Value;
        Assert.Single(tokens);
        Assert.Equal([1, 2, 3], host.Edge.LastInput.TokenIds![0]);
    }

    [Fact]
    public async Task Models()
    {
        await using var host = await GatewayHost.StartAsync();
        var client = new OpenAIModelClient(new ApiKeyCredential("any-key"), Options(host));
        Assert.Equal(["minilm", "vendor/other model"], (await client.GetModelsAsync()).Value.Select(model => model.Id));
        var model = (await client.GetModelAsync("vendor/other model")).Value;
        Assert.Equal("vendor", model.OwnedBy);
        var missing = await Assert.ThrowsAsync<ClientResultException>(() => client.GetModelAsync("gpt-4"));
        Assert.Equal(404, missing.Status);
    }

    [Fact]
    public async Task A_refusal_for_want_of_capacity_is_sent_again_and_a_mistake_is_not()
    {
        await using var host = await GatewayHost.StartAsync();
        var calls = 0;
        host.Edge.Respond = (request, _) => Task.FromResult(
            Interlocked.Increment(ref calls) == 1 ? EdgeDouble.Refuse(RefusalCode.NoCapacity, "Full.", retryAfterMs: 1) : EdgeDouble.Embed(request, 4));
        var options = Options(host);
        options.RetryPolicy = new ClientRetryPolicy(2);
        var client = new EmbeddingClient("minilm", new ApiKeyCredential("any-key"), options);
        Assert.Equal(4, (await client.GenerateEmbeddingAsync("hello")).Value.ToFloats().Length);
        Assert.Equal(2, calls);

        host.Edge.Respond = (_, _) =>
        {
            Interlocked.Increment(ref calls);
            return Task.FromResult(EdgeDouble.Refuse(RefusalCode.InputTooLong, "'input' has 300 tokens: at most 256 are taken.", "input"));
        };
        var mistake = await Assert.ThrowsAsync<ClientResultException>(() => client.GenerateEmbeddingAsync("long"));
        Assert.Equal(400, mistake.Status);
        Assert.Contains("context_length_exceeded", mistake.Message, StringComparison.Ordinal);
        Assert.Contains("300 tokens", mistake.Message, StringComparison.Ordinal);
        Assert.Equal(3, calls);
    }

    private static OpenAIClientOptions Options(GatewayHost host) => new() { Endpoint = new Uri(host.Address, "v1") };
}
