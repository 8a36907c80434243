using Meridian.Federation.Configuration;
using Meridian.Messages;
using Meridian.Routing.Snapshots;

namespace Meridian.Federation.Tests.Protocol;

/// <summary>Infer and Watch over real sockets.</summary>
public sealed class LoopbackTests
{
    [Fact]
    public async Task A_front_door_that_knows_addresses_alone_learns_the_rest_and_serves()
    {
        await using var eu = await RegionHost.StartAsync(new TestRegion("westeurope", 7));
        await using var edge = await EdgeHost.StartAsync(o => o.Regions.Add(new RegionMemberOptions { Protocol = eu.Address.OriginalString }));

        var snapshot = await edge.UntilAsync("westeurope", RegionHealth.Alive, incarnation: 7);
        var answer = await edge.Edge.InferAsync(Sample.Request(residency: ["eu"]), CancellationToken.None);

        Assert.Equal("eu", snapshot.Intent.Regions.Single().Jurisdiction);
        Assert.Equal("westeurope", answer.Region);
    }

    [Fact]
    public async Task A_request_that_comes_before_any_region_is_known_waits_for_one()
    {
        await using var eu = await RegionHost.StartAsync(new TestRegion("westeurope"));
        await using var edge = await EdgeHost.StartAsync(o =>
        {
            o.WaitForRegion = TimeSpan.FromSeconds(20);
            o.Regions.Add(new RegionMemberOptions { Protocol = eu.Address.OriginalString });
        });

        var answer = await edge.Edge.InferAsync(Sample.Request(), CancellationToken.None);

        Assert.Equal(("westeurope", 1), (answer.Region, answer.Attempts));
    }

    [Fact]
    public async Task The_highest_epoch_of_all_regions_holds()
    {
        await using var old = await RegionHost.StartAsync(new TestRegion("westeurope"));
        await using var @new = await RegionHost.StartAsync(new TestRegion("eastus"), "us", configure: o =>
        {
            o.Epoch = 4;
            o.Models.Add(new ModelDeclarationOptions { Name = "phi" });
        });
        await using var edge = await EdgeHost.StartAsync(o =>
        {
            o.Regions.Add(new RegionMemberOptions { Protocol = old.Address.OriginalString });
            o.Regions.Add(new RegionMemberOptions { Protocol = @new.Address.OriginalString });
        });

        var snapshot = await edge.UntilAsync(s => s.Intent.Epoch == 4, "intent 4");

        Assert.Equal(["eastus"], snapshot.Intent.Regions.Select(r => r.Name));
        Assert.Equal(["minilm", "phi"], snapshot.Intent.Models.Select(m => m.Name));
        Assert.Equal(["eastus"], snapshot.Views.Keys);
    }

    [Fact]
    public async Task An_inference_reaches_the_region_and_comes_back_whole()
    {
        InferRequest? received = null;
        var region = new TestRegion("westeurope")
        {
            Answer = (request, _) =>
            {
                received = request;
                return Task.FromResult(Sample.Result("westeurope", request));
            },
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

    [Fact]
    public async Task A_refusal_is_a_reply_and_so_is_a_fault()
    {
        var region = new TestRegion("westeurope") { Answer = (_, _) => Task.FromResult(InferReply.Refuse(RefusalCode.InputTooLong, "300 tokens, limit 256", "input[0]")) };
        await using var eu = await RegionHost.StartAsync(region);
        await using var edge = await EdgeHost.StartAsync(o => Members(o, eu));
        await edge.UntilAsync("westeurope", RegionHealth.Alive);

        var refused = await edge.Edge.InferAsync(Sample.Request(), CancellationToken.None);
        region.Answer = (_, _) => throw new InvalidOperationException("secret of the region");
        var failed = await edge.Edge.InferAsync(Sample.Request(), CancellationToken.None);

        Assert.Equal((RefusalCode.InputTooLong, "300 tokens, limit 256", "input[0]"), (refused.Reply.Refusal!.Code, refused.Reply.Refusal.Message, refused.Reply.Refusal.Param));
        Assert.Equal(RefusalCode.Internal, failed.Reply.Refusal!.Code);
        Assert.DoesNotContain("secret", failed.Reply.Refusal.Message);
    }

    [Fact]
    public async Task A_request_that_goes_round_in_circles_is_refused()
    {
        await using var eu = await RegionHost.StartAsync(new TestRegion("westeurope"));
        await using var edge = await EdgeHost.StartAsync(o => Members(o, eu));
        await edge.UntilAsync("westeurope", RegionHealth.Alive);

        var answer = await edge.Edge.InferAsync(Sample.Request() with { Hops = 1 }, CancellationToken.None);

        Assert.Equal(RefusalCode.Internal, answer.Reply.Refusal!.Code);
        Assert.Contains("2 regions", answer.Reply.Refusal.Message);
    }

    [Fact]
    public async Task The_callers_cancellation_reaches_the_regions_work()
    {
        var arrived = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var region = new TestRegion("westeurope")
        {
            Answer = async (_, token) =>
            {
                await using var registration = token.Register(cancelled.SetResult);
                arrived.SetResult();
                await Task.Delay(Timeout.InfiniteTimeSpan, token);
                throw new InvalidOperationException("unreachable");
            },
        };
        await using var eu = await RegionHost.StartAsync(region);
        await using var edge = await EdgeHost.StartAsync(o => Members(o, eu));
        await edge.UntilAsync("westeurope", RegionHealth.Alive);
        using var caller = new CancellationTokenSource();
        var infer = edge.Edge.InferAsync(Sample.Request(), caller.Token);
        await arrived.Task;

        await caller.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => infer);
        await cancelled.Task.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal(0, edge.InFlight.Count("westeurope"));
    }

    [Fact]
    public async Task A_message_beyond_the_limit_is_refused_with_the_limit()
    {
        await using var eu = await RegionHost.StartAsync(new TestRegion("westeurope"));
        await using var edge = await EdgeHost.StartAsync(o =>
        {
            o.Wire.MaxMessageBytes = 64 * 1024;
            Members(o, eu);
        });
        await edge.UntilAsync("westeurope", RegionHealth.Alive);

        var answer = await edge.Edge.InferAsync(Sample.Request() with { Input = new EmbeddingInput { Texts = [new string('x', 100_000)] } }, CancellationToken.None);

        Assert.Equal((RefusalCode.InvalidInput, 1), (answer.Reply.Refusal!.Code, answer.Attempts));
        Assert.Contains("65536 bytes", answer.Reply.Refusal.Message);
    }

    [Fact]
    public async Task Many_inferences_at_once_share_the_region()
    {
        await using var eu = await RegionHost.StartAsync(new TestRegion("westeurope")
        {
            Answer = async (request, _) =>
        {
            await Task.Yield();
            return Sample.Result("westeurope", request);
        }
        });
        await using var edge = await EdgeHost.StartAsync(o => Members(o, eu));
        await edge.UntilAsync("westeurope", RegionHealth.Alive);

        var answers = await Task.WhenAll(Enumerable.Range(0, 400).Select(_ => edge.Edge.InferAsync(Sample.Request(), CancellationToken.None)));

        Assert.All(answers, a => Assert.Equal(("westeurope", 1), (a.Region, a.Attempts)));
        Assert.Equal(0, edge.InFlight.Count("westeurope"));
    }

    internal static void Members(FederationOptions options, params RegionHost[] hosts)
    {
        foreach (var host in hosts)
            options.Regions.Add(new RegionMemberOptions { Name = host.Region.Name, Jurisdiction = "eu", Protocol = host.Address.OriginalString });
        options.Models.Add(new ModelDeclarationOptions { Name = "minilm" });
    }
}
