using System.Globalization;
using Meridian.Client.Tests.Harness;
using Meridian.Errors;
using Meridian.Messages;
using Microsoft.Extensions.AI;

namespace Meridian.Client.Tests.Embeddings;

public sealed class MeridianEmbeddingGeneratorTests(ThreeRegions regions) : RegionsTest(regions)
{
    [Fact]
    public async Task An_input_of_several_requests_comes_back_in_order_with_its_usage()
    {
        await using var client = await new TestClient([Regions.East], o => o.MaxItemsPerRequest = 16).AllAliveAsync();
        var texts = Enumerable.Range(0, 1000).Select(i => string.Create(CultureInfo.InvariantCulture, $"{i} {new string('x', i % 50)}")).ToArray();

        var embeddings = await client.Generator.GenerateAsync(texts);

        Assert.Equal(Enumerable.Range(0, 1000).Select(i => (float)i), embeddings.Select(e => e.Vector.Span[0]));
        Assert.Equal(texts.Sum(t => t.Length + 2), embeddings.Usage!.InputTokenCount);
        Assert.Equal(embeddings.Usage.InputTokenCount, embeddings.Usage.TotalTokenCount);
        Assert.Equal("eastus", embeddings.AdditionalProperties!["region"]);
        Assert.Equal("v2@test", embeddings.AdditionalProperties["version"]);
        Assert.Equal("fp32", embeddings.AdditionalProperties["variant"]);
        Assert.All(embeddings, e => Assert.Equal("minilm", e.ModelId));

        var requests = Regions.East.Script.Requests.ToArray();
        Assert.Equal(63, requests.Length);
        Assert.Equal(63, requests.Select(r => r.RequestId).Distinct().Count());
        // Vectors of two versions do not belong together: the rest asks for what the first request got.
        Assert.All(requests.Skip(1), r => Assert.Equal(("v2@test", "fp32"), (r.Version, r.Variant)));
    }

    [Fact]
    public async Task Options_travel_with_the_request()
    {
        await using var client = await new TestClient([Regions.East], o => o.Tenant = "acme").AllAliveAsync();
        Regions.East.Script.Models = [RegionScript.Model("minilm"), RegionScript.Model("other")];

        await client.Generator.GenerateAsync(
            ["1"],
            new EmbeddingGenerationOptions { ModelId = "other", Dimensions = 128, AdditionalProperties = new() { ["truncate"] = true } });

        var request = Assert.Single(Regions.East.Script.Requests);
        var input = Assert.IsType<EmbeddingInput>(request.Input);
        Assert.Equal(("other", "acme", 128, true), (request.Model, request.Tenant, input.Dimensions, input.Truncate));
        Assert.Null(request.Version);
    }

    [Fact]
    public async Task A_refusal_of_one_of_several_requests_is_the_answer()
    {
        await using var client = await new TestClient([Regions.East], o => o.MaxItemsPerRequest = 2).AllAliveAsync();
        Regions.East.Script.Infer = (request, _) => Task.FromResult(
            ((EmbeddingInput)request.Input).Texts![0].StartsWith('4')
                ? InferReply.Refuse(RefusalCode.InputTooLong, "too long", "input[0]")
                : Regions.East.Script.Embed(request));

        var error = await Assert.ThrowsAsync<MeridianException>(() => client.Generator.GenerateAsync(["0", "1", "2", "3", "4", "5"]));

        Assert.Equal(RefusalCode.InputTooLong, error.Refusal.Code);
    }

    [Fact]
    public async Task Nothing_to_embed_costs_no_request()
    {
        await using var client = new TestClient([Regions.East]);
        Assert.Empty(await client.Generator.GenerateAsync([]));
        Assert.Empty(Regions.East.Script.Requests);
    }

    [Fact]
    public async Task Wrong_arguments_are_named()
    {
        await using var client = new TestClient([Regions.East]);
        await Assert.ThrowsAsync<ArgumentNullException>(() => client.Generator.GenerateAsync(null!));
        Assert.Contains("values[1]", (await Assert.ThrowsAsync<ArgumentException>(() => client.Generator.GenerateAsync(["a", null!]))).Message, StringComparison.Ordinal);
        var truncate = new EmbeddingGenerationOptions { AdditionalProperties = new() { ["truncate"] = "perhaps" } };
        Assert.Contains("'perhaps'", (await Assert.ThrowsAsync<ArgumentException>(() => client.Generator.GenerateAsync(["a"], truncate))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_says_what_it_is()
    {
        await using var client = new TestClient([Regions.East]);
        var metadata = client.Generator.GetService<EmbeddingGeneratorMetadata>();
        Assert.Equal(("meridian", "minilm"), (metadata!.ProviderName, metadata.DefaultModelId));
        Assert.Same(client.Client, client.Generator.GetService<IMeridianClient>());
        Assert.Same(client.Generator, client.Generator.GetService<IEmbeddingGenerator<string, Embedding<float>>>());
        Assert.Null(client.Generator.GetService<EmbeddingGeneratorMetadata>("some key"));
    }
}
