using System.Collections.Concurrent;
using System.Globalization;
using Meridian.Cluster.Tests.Harness;
using Meridian.Grains;

namespace Meridian.Cluster.Tests.Durability;

/// <summary>What a region has acknowledged is there after it was killed or stopped, whatever keeps its state.</summary>
public sealed class StateTests(ITestOutputHelper output)
{
    private const string Region = "eastus";
    private const int Seed = 4;

    // A deployment keeps 256 records: two rounds of these stay below.
    private const int WritesARound = 115;
    private const int Writers = 8;

    [Fact]
    public async Task Acknowledged_writes_survive_kills_with_the_embedded_store()
    {
        using var data = new TemporaryDirectory();
        await using var installation = new Installation(data.Path, regions: 1, Models.MiniLm);
        await SurvivesAsync(installation);
    }

    [Fact]
    public async Task Acknowledged_writes_survive_kills_with_redis_server()
    {
        if (!TestTools.TryRedisServer(out var program, out var reason))
        {
            Assert.Skip(reason);
        }

        using var data = new TemporaryDirectory();
        await using var redis = await RedisServer.StartAsync(program, data.Sub("redis"));
        await using var installation = new Installation(
            data.Path,
            regions: 1,
            [
                .. Models.MiniLm,
                KeyValuePair.Create("Meridian:Store:Kind", "Redis"),
                KeyValuePair.Create("Meridian:Store:ConnectionString", redis.ConnectionString),
            ]);
        await SurvivesAsync(installation);
    }

    private async Task SurvivesAsync(Installation installation)
    {
        var random = new Random(Seed);
        var acknowledged = new ConcurrentDictionary<string, ScaleRecord>();
        installation.StartRegion(Region);
        await using (var cluster = await ConnectAsync(installation))
        {
            await WriteUntilAsync(cluster, acknowledged, round: 1, random.Next(20, 80), () => installation.KillAsync(Region));
        }

        installation.StartRegion(Region);
        await using (var cluster = await ConnectAsync(installation))
        {
            await VerifyAsync(cluster, acknowledged, "kill -9 during writes");
            await WriteUntilAsync(cluster, acknowledged, round: 2, WritesARound, kill: null);
            await installation.TerminateAsync(Region, TimeSpan.FromSeconds(30));
        }

        installation.StartRegion(Region);
        await using (var cluster = await ConnectAsync(installation))
        {
            await VerifyAsync(cluster, acknowledged, "SIGTERM");
            var last = (await cluster.Deployment("minilm").History())[^1];
            var table = await cluster.Deployment("minilm").Replicas(knownRevision: -1);
            Assert.Equal(last.Replicas, table.DesiredReplicas);
        }

        await installation.ReadyAsync(installation.Facade(Region));
        await installation.Facade(Region).EmbedAsync("minilm", ["still serving"]);
    }

    private static Task<RegionCluster> ConnectAsync(Installation installation) =>
        RegionCluster.ConnectAsync(Region, installation.GatewayPort(Region));

    /// <summary>Writes from several callers at once; with a kill, on and on until the region is gone, which leaves writes whose outcome nobody knows.</summary>
    private async Task WriteUntilAsync(RegionCluster cluster, ConcurrentDictionary<string, ScaleRecord> acknowledged, int round, int killAfter, Func<Task>? kill)
    {
        var before = acknowledged.Count;
        var enough = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var stop = new CancellationTokenSource();
        var next = 0;
        async Task WriterAsync(int writer)
        {
            while (!stop.IsCancellationRequested && Volatile.Read(ref next) < WritesARound)
            {
                var n = Interlocked.Increment(ref next);
                var operation = string.Create(CultureInfo.InvariantCulture, $"round{round}-writer{writer}-{n}");
                var change = new ScaleChange { OperationId = operation, Replicas = 1, By = $"writer {writer}", Reason = $"write {n}" };
                ScaleRecord record;
                try
                {
                    record = await cluster.Deployment("minilm").Scale(change).WaitAsync(stop.Token);
                }
                catch (Exception) when (kill is not null)
                {
                    // Killed: whether this one was written nobody has been told.
                    return;
                }

                acknowledged[operation] = record;
                if (acknowledged.Count - before >= killAfter)
                {
                    enough.TrySetResult();
                }
            }
        }

        var writers = Enumerable.Range(0, Writers).Select(WriterAsync).ToArray();
        if (kill is not null)
        {
            await enough.Task.WaitAsync(TimeSpan.FromSeconds(60));
            await kill();
            await stop.CancelAsync();
        }

        await Task.WhenAll(writers);
        output.WriteLine($"round {round}: {acknowledged.Count - before} acknowledged of {next} writes");
        Assert.True(kill is null || acknowledged.Count - before < WritesARound, "The writes were over before the kill.");
    }

    private static async Task VerifyAsync(RegionCluster cluster, ConcurrentDictionary<string, ScaleRecord> acknowledged, string after)
    {
        var history = (await cluster.Deployment("minilm").History()).ToDictionary(record => record.OperationId);
        var lost = acknowledged.Values.Where(record => !history.TryGetValue(record.OperationId, out var kept) || kept != record).ToArray();
        Assert.True(lost.Length == 0, $"{lost.Length} of {acknowledged.Count} acknowledged writes are gone or changed after {after}: {string.Join(", ", lost.Take(5))}.");
        var sequences = history.Values.Select(record => record.Sequence).Order().ToArray();
        Assert.Equal(Enumerable.Range(1, sequences.Length).Select(n => (long)n), sequences);
    }
}
