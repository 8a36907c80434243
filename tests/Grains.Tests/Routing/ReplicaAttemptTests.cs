using Meridian.Federation.Configuration;
using Meridian.Grains.Tests.Fakes;
using Meridian.Inference.Engines;
using Meridian.Messages;

namespace Meridian.Grains.Tests.Routing;

/// <summary>A region makes one attempt at one replica; the edge owns the retries.</summary>
public sealed class ReplicaAttemptTests
{
    [Fact]
    public async Task A_request_calls_one_shard_for_each_attempt_of_its_budget_and_no_replica_twice()
    {
        var calls = 0;
        var engines = new TestEngines
        {
            Embed = (_, _, _) =>
            {
                Interlocked.Increment(ref calls);
                return ValueTask.FromResult(new EmbeddingOutcome { Status = EmbeddingStatus.QueueFull, Message = "full", RetryAfterMs = 10 });
            },
        };
        await using var region = await RegionCluster.StartAsync(o => o.Models.Add(new() { Name = "echo", Replicas = 6 }), engines: engines);
        await region.ServesAsync("echo", 6);

        var direct = (await region.Endpoint.Infer(RegionCluster.Request("echo"))).Refusal!;
        Assert.Equal(1, Interlocked.Exchange(ref calls, 0));
        Assert.Equal((RefusalCode.NoCapacity, true), (direct.Code, direct.Again));
        Assert.Contains((await region.ReadyAsync("echo", 6)).Replicas, replica => replica.Key == direct.Replica);

        var edge = new RegionEdge(region.Local());
        Assert.Equal(RefusalCode.NoCapacity, (await edge.InferAsync(RegionCluster.Request("echo"), CancellationToken.None)).Refusal!.Code);
        Assert.Equal(new FederationOptions().Attempts, calls);
        Assert.Equal(0, edge.Faults);
    }

    [Fact]
    public async Task Excluded_replicas_are_not_asked_and_without_another_the_refusal_says_so()
    {
        await using var region = await RegionCluster.StartAsync(o => o.Models.Add(new() { Name = "echo", Replicas = 2 }));
        await region.ServesAsync("echo", 2);
        string[] keys = [.. (await region.ReadyAsync("echo", 2)).Replicas.Select(replica => replica.Key)];

        for (var i = 0; i < 8; i++)
        {
            var request = RegionCluster.Request("echo") with { ExcludedReplicas = [keys[i % 2]] };
            Assert.NotNull((await region.Endpoint.Infer(request)).Result);
        }

        var refusal = (await region.Endpoint.Infer(RegionCluster.Request("echo") with { ExcludedReplicas = keys })).Refusal!;

        Assert.Equal((RefusalCode.NotReady, keys[1], false), (refusal.Code, refusal.Replica, refusal.Again));
    }
}
