using Meridian.Federation.Configuration;
using Meridian.Federation.Directory;
using Meridian.Messages;

namespace Meridian.Federation.Tests.Protocol;

/// <summary>The protocol over real sockets.</summary>
public sealed class LoopbackTests
{
    [Fact]
    public async Task A_front_door_that_knows_addresses_alone_learns_the_rest_and_serves()
    {
        await using var eu = await RegionHost.StartAsync(new TestRegion("westeurope", 7));
        await using var edge = await EdgeHost.StartAsync(o => o.Regions.Add(new RegionMemberOptions { Protocol = eu.Address.OriginalString }));

        var snapshot = await edge.UntilAsync(s => s.Intent.Epoch == 1, "the region's intent");

        Assert.Equal("eu", snapshot.Intent.Regions.Single().Jurisdiction);
    }

    [Fact]
    public async Task An_inference_reaches_the_region_and_comes_back_whole()
    {
        var region = new TestRegion("westeurope", 7);
        InferRequest? received = null;
        region.Answer = (request, _) =>
        {
            received = request;
            return Task.FromResult(Sample.Result("westeurope", request));
        };
        await using var eu = await RegionHost.StartAsync(region);
        await using var edge = await EdgeHost.StartAsync(o => Members(o, eu));
        await edge.UntilAsync("westeurope", RegionHealth.Alive);
        var request = Sample.Request(residency: ["eu"]);

        var answer = await edge.Edge.InferAsync(request, CancellationToken.None);

        Assert.Null(answer.Reply.Refusal);
        Assert.Equal(("westeurope", 1), (answer.Region, answer.Attempts));
        Assert.Equal(8, Assert.IsType<EmbeddingOutput>(answer.Reply.Result!.Output).Vectors.Length);
        Assert.Equal(request.RequestId, received!.RequestId);
        Assert.Equal((1, 3), (received.Hops, received.AttemptsLeft));
        Assert.Equal(["a sentence"], ((EmbeddingInput)received.Input).Texts!);
    }

    internal static void Members(FederationOptions options, params RegionHost[] hosts)
    {
        foreach (var host in hosts)
            options.Regions.Add(new RegionMemberOptions { Name = host.Region.Name, Jurisdiction = "eu", Protocol = host.Address.OriginalString });
        options.Models.Add(new ModelDeclarationOptions { Name = "minilm" });
    }
}
