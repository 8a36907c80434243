using Meridian.Grains.Tests.Fakes;
using Meridian.Inference.Engines;
using Meridian.Inference.Packages;
using Meridian.Messages;

namespace Meridian.Grains.Tests.Shards;

public sealed class ShardTests
{
    [Fact]
    public async Task A_model_loads_becomes_ready_and_answers()
    {
        await using var region = await RegionCluster.StartAsync(o => o.Models.Add(new() { Name = "echo" }));
        await region.ServesAsync("echo");

        var reply = await region.Endpoint.Infer(RegionCluster.Request("echo", "a", "b"));

        Assert.Null(reply.Refusal);
        Assert.Equal(("westeurope", "echo", "v1", "fp32"), (reply.Result!.Region, reply.Result.Model, reply.Result.Version, reply.Result.Variant));
        Assert.Equal((1f, 2f), (reply.Result.QueueMs, reply.Result.ServiceMs));
        var output = Assert.IsType<EmbeddingOutput>(reply.Result.Output);
        Assert.Equal((2, 4, 32), (output.Rows, output.Dimensions, output.Vectors.Length));
    }

    [Fact]
    public async Task A_damaged_package_is_reported_by_file_name_and_the_rest_is_served()
    {
        var engines = new TestEngines
        {
            Create = (package, _) => package.Manifest.Name == "damaged"
                ? throw new ModelPackageException("model.onnx", "File 'model.onnx' does not have the SHA-256 of its manifest. Install the model again.")
                : Task.CompletedTask,
        };
        await using var region = await RegionCluster.StartAsync(
            o =>
            {
                o.LoadBackoff = TimeSpan.FromMilliseconds(100);
                o.Models.AddRange([new() { Name = "damaged" }, new() { Name = "echo" }]);
            },
            engines: engines);

        await region.ServesAsync("echo");
        await region.StatusAsync(region.Local(), "damaged", s => s.ReadyReplicas == 0 && s.Problem?.Contains("model.onnx") == true);
        Assert.NotNull((await region.Endpoint.Infer(RegionCluster.Request("echo"))).Result);
        var refusal = (await region.Endpoint.Infer(RegionCluster.Request("damaged"))).Refusal!;
        Assert.Equal(RefusalCode.NotReady, refusal.Code);
        Assert.Contains("model.onnx", refusal.Message, StringComparison.Ordinal);

        // Repaired: the next try after the back-off finds it.
        engines.Create = static (_, _) => Task.CompletedTask;
        await region.ServesAsync("damaged");
        Assert.NotNull((await region.Endpoint.Infer(RegionCluster.Request("damaged"))).Result);
    }

    [Fact]
    public async Task A_package_of_another_version_than_the_key_fails()
    {
        await using var region = await RegionCluster.StartAsync(o => o.Models.Add(new() { Name = "echo" }));
        var shard = region.Grains.GetGrain<IModelShard>(new ShardKey("echo", "v7", "fp32", 0, 0).ToString());

        var status = await shard.Load();
        while (status.State == ShardState.Loading) status = await shard.Status();

        Assert.Equal(ShardState.Failed, status.State);
        Assert.Contains("echo/v1/fp32", status.Problem, StringComparison.Ordinal);
        Assert.Contains("v7", status.Problem, StringComparison.Ordinal);
        Assert.Equal(RefusalCode.NotReady, (await shard.Infer(RegionCluster.Request("echo"))).Refusal!.Code);
    }

    [Theory]
    [InlineData(EmbeddingStatus.TooLong, RefusalCode.InputTooLong)]
    [InlineData(EmbeddingStatus.Invalid, RefusalCode.InvalidInput)]
    [InlineData(EmbeddingStatus.QueueFull, RefusalCode.NoCapacity)]
    public async Task An_outcome_of_the_engine_becomes_the_refusal_of_its_kind(EmbeddingStatus status, RefusalCode code)
    {
        var engines = new TestEngines
        {
            Embed = (_, _, _) => ValueTask.FromResult(new EmbeddingOutcome { Status = status, Message = "what and why", Param = "input[3]", RetryAfterMs = 250 }),
        };
        await using var region = await RegionCluster.StartAsync(o => o.Models.Add(new() { Name = "echo" }), engines: engines);
        await region.ServesAsync("echo");

        var refusal = (await region.Endpoint.Infer(RegionCluster.Request("echo"))).Refusal!;

        Assert.Equal((code, "what and why", "input[3]", 250), (refusal.Code, refusal.Message, refusal.Param, refusal.RetryAfterMs));
        Assert.DoesNotContain(region.Log.Lines, l => l.Level >= Microsoft.Extensions.Logging.LogLevel.Error);
    }

    [Fact]
    public async Task Work_that_a_stopped_engine_gives_back_goes_to_another_replica()
    {
        var engines = new TestEngines { Embed = static (_, _, _) => throw new EngineStoppedException("echo/v1/fp32") };
        await using var region = await RegionCluster.StartAsync(o => o.Models.Add(new() { Name = "echo" }), engines: engines);
        await region.ServesAsync("echo");

        Assert.Equal(RefusalCode.NotReady, (await region.Endpoint.Infer(RegionCluster.Request("echo"))).Refusal!.Code);
    }

    [Fact]
    public async Task A_shard_whose_engine_is_lost_is_not_ready_and_is_loaded_anew()
    {
        await using var region = await RegionCluster.StartAsync(o =>
        {
            o.LoadBackoff = TimeSpan.FromMilliseconds(100);
            o.Models.Add(new() { Name = "echo" });
        });
        await region.ServesAsync("echo");
        var first = region.Engines.Created.Single();
        var open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        region.Engines.Create = (_, _) => open.Task;

        first.Lose(new InvalidOperationException("no memory"));

        var table = await region.TableAsync("echo", t => t.Replicas.All(r => r.State != ShardState.Ready && r.Problem is not null));
        Assert.Contains("no memory", table.Replicas.Single().Problem, StringComparison.Ordinal);
        Assert.Equal(RefusalCode.NotReady, (await region.Endpoint.Infer(RegionCluster.Request("echo"))).Refusal!.Code);
        open.SetResult();
        await region.ServesAsync("echo");
        Assert.True(first.Disposed);
        Assert.Equal(2, region.Engines.Created.Count);
        Assert.NotNull((await region.Endpoint.Infer(RegionCluster.Request("echo"))).Result);
    }

    [Fact]
    public async Task A_fault_of_one_piece_of_work_is_told_to_its_caller()
    {
        var engines = new TestEngines { Embed = (_, _, _) => throw new FailedAloneException("echo/v1/fp32", "input[3]", new InvalidOperationException("broken kernel")) };
        await using var region = await RegionCluster.StartAsync(o => o.Models.Add(new() { Name = "echo" }), engines: engines);
        await region.ServesAsync("echo");

        var refusal = (await region.Endpoint.Infer(RegionCluster.Request("echo"))).Refusal!;
        Assert.Equal(RefusalCode.Internal, refusal.Code);
        Assert.StartsWith("Model echo/v1/fp32 fails on input[3]: broken kernel ", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_fault_of_the_engine_is_an_internal_refusal_and_the_shard_goes_on()
    {
        var engines = new TestEngines { Embed = (_, _, _) => throw new InvalidOperationException("broken kernel") };
        await using var region = await RegionCluster.StartAsync(o => o.Models.Add(new() { Name = "echo" }), engines: engines);
        await region.ServesAsync("echo");

        Assert.Equal(RefusalCode.Internal, (await region.Endpoint.Infer(RegionCluster.Request("echo"))).Refusal!.Code);

        engines.Embed = static (_, work, _) => ValueTask.FromResult(TestEngine.Done(work));
        Assert.NotNull((await region.Endpoint.Infer(RegionCluster.Request("echo"))).Result);
    }

    [Theory]
    [InlineData(5)]
    [InlineData(5000)]
    public async Task Cancellation_reaches_the_engine(int characters)
    {
        var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var engines = new TestEngines { Embed = (_, _, token) => Hang(entered, cancelled, token) };
        await using var region = await RegionCluster.StartAsync(o => o.Models.Add(new() { Name = "slow" }), engines: engines);
        await region.ServesAsync("slow");
        using var caller = new CancellationTokenSource();

        var call = region.Local().InferAsync(RegionCluster.Request("slow", new string('x', characters)), caller.Token);
        await entered.Task.WaitAsync(TimeSpan.FromSeconds(20));
        await caller.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        await cancelled.Task.WaitAsync(TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task A_request_past_its_deadline_is_refused_and_leaves_the_engine()
    {
        var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var engines = new TestEngines { Embed = (_, _, token) => Hang(null, cancelled, token) };
        await using var region = await RegionCluster.StartAsync(o => o.Models.Add(new() { Name = "slow" }), engines: engines);
        await region.ServesAsync("slow");

        Assert.Equal(RefusalCode.Deadline, (await region.Endpoint.Infer(RegionCluster.Request("slow") with { RemainingMs = 50 })).Refusal!.Code);
        await cancelled.Task.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal(RefusalCode.Deadline, (await region.Endpoint.Infer(RegionCluster.Request("slow") with { RemainingMs = 0 })).Refusal!.Code);
    }

    [Fact]
    public async Task Unloading_takes_nothing_new_finishes_what_runs_and_disposes_the_engine()
    {
        var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var engines = new TestEngines
        {
            Embed = async (_, work, token) =>
            {
                entered.TrySetResult();
                await open.Task.WaitAsync(token);
                return TestEngine.Done(work);
            },
        };
        await using var region = await RegionCluster.StartAsync(o => o.Models.Add(new() { Name = "echo", Replicas = 0 }), engines: engines);
        var shard = region.Grains.GetGrain<IModelShard>(new ShardKey("echo", "v1", "fp32", 9, 0).ToString());
        while ((await shard.Load()).State != ShardState.Ready) await Task.Yield();

        var running = shard.Infer(RegionCluster.Request("echo"));
        await entered.Task.WaitAsync(TimeSpan.FromSeconds(20));
        var unload = shard.Unload();
        while ((await shard.Status()).State != ShardState.Draining) await Task.Yield();
        Assert.Equal(RefusalCode.NotReady, (await shard.Infer(RegionCluster.Request("echo"))).Refusal!.Code);
        Assert.False(engines.Created.Single().Disposed);
        open.SetResult();

        Assert.NotNull((await running).Result);
        await unload;
        Assert.True(engines.Created.Single().Disposed);
        await region.Cluster.WaitForDeactivationAsync(shard.GetGrainId()).WaitAsync(TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task Stopping_the_silo_disposes_its_engines()
    {
        TestEngines engines;
        await using (var region = await RegionCluster.StartAsync(o => o.Models.Add(new() { Name = "echo", Replicas = 3 })))
        {
            engines = region.Engines;
            await region.ReadyAsync("echo", 3);
        }

        Assert.Equal(3, engines.Created.Count);
        Assert.All(engines.Created, e => Assert.True(e.Disposed));
    }

    private static async ValueTask<EmbeddingOutcome> Hang(TaskCompletionSource? entered, TaskCompletionSource cancelled, CancellationToken token)
    {
        entered?.TrySetResult();
        try
        {
            await Task.Delay(Timeout.Infinite, token);
        }
        finally
        {
            cancelled.TrySetResult();
        }

        throw new InvalidOperationException("never");
    }
}
