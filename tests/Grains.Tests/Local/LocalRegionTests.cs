using Meridian.Grains.Tests.Fakes;
using Meridian.Inference.Engines;
using Meridian.Messages;

namespace Meridian.Grains.Tests.Local;

public sealed class LocalRegionTests
{
    [Fact]
    public async Task A_process_without_a_silo_serves_and_reports_its_region_as_an_Orleans_client()
    {
        await using var region = await RegionCluster.StartAsync(o => o.Models.Add(new() { Name = "echo" }));
        var local = region.FromClient;
        await region.StatusAsync(local, "echo", s => s.ReadyReplicas == 1);

        var reply = await local.InferAsync(RegionCluster.Request("echo", "a", "b"), CancellationToken.None);

        Assert.Equal("westeurope", local.Name);
        Assert.Equal(2, Assert.IsType<EmbeddingOutput>(reply.Result?.Output).Rows);
        Assert.Equal(RefusalCode.ResidencyUnavailable, (await local.InferAsync(RegionCluster.Request("echo") with { Residency = ["us"] }, CancellationToken.None)).Refusal!.Code);
    }

    [Fact]
    public async Task A_client_that_goes_away_cancels_in_the_engine()
    {
        var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var region = await RegionCluster.StartAsync(o => o.Models.Add(new() { Name = "slow" }), engines: Hanging(entered, cancelled));
        await region.ServesAsync("slow");
        using var caller = new CancellationTokenSource();

        var call = region.FromClient.InferAsync(RegionCluster.Request("slow"), caller.Token);
        await entered.Task.WaitAsync(TimeSpan.FromSeconds(20));
        await caller.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        await cancelled.Task.WaitAsync(TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task A_region_whose_silos_are_gone_is_a_refusal_at_once_for_calls_under_way_and_new_ones()
    {
        var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var region = await RegionCluster.StartAsync(o => o.Models.Add(new() { Name = "slow" }), engines: Hanging(entered, cancelled));
        await region.ServesAsync("slow");
        var local = region.FromClient;
        var underWay = local.InferAsync(RegionCluster.Request("slow") with { RemainingMs = 600_000 }, CancellationToken.None);
        await entered.Task.WaitAsync(TimeSpan.FromSeconds(20));

        await region.Cluster.KillSiloAsync(region.Cluster.Silos[0]);

        // Orleans alone would let it wait for its response timeout of 30 s.
        Assert.Equal(RefusalCode.RegionLost, (await underWay.WaitAsync(TimeSpan.FromSeconds(20))).Refusal!.Code);
        Assert.Equal(RefusalCode.RegionLost, (await local.InferAsync(RegionCluster.Request("slow"), CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(20))).Refusal!.Code);
    }

    private static TestEngines Hanging(TaskCompletionSource entered, TaskCompletionSource cancelled) => new()
    {
        Embed = async (_, _, token) =>
        {
            entered.TrySetResult();
            try
            {
                await Task.Delay(Timeout.Infinite, token);
            }
            finally
            {
                cancelled.TrySetResult();
            }

            return new EmbeddingOutcome { Status = EmbeddingStatus.Invalid };
        },
    };
}
