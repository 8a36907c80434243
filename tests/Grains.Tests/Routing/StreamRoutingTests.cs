using System.Diagnostics;
using Meridian.Errors;
using Meridian.Federation.Regions;
using Meridian.Grains.Replicas;
using Meridian.Grains.Tests.Fakes;
using Meridian.Messages;
using Microsoft.Extensions.DependencyInjection;

namespace Meridian.Grains.Tests.Routing;

/// <summary>Which replica has a stream, and what becomes of it when that goes.</summary>
public sealed class StreamRoutingTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_burst_of_streams_is_spread_evenly_over_the_replicas(bool atOnce)
    {
        await using var region = await StartAsync(2);
        var streams = new List<IRegionStream>();
        if (atOnce)
            streams.AddRange(await Task.WhenAll(Enumerable.Range(0, 32).Select(_ => OpenAsync(region.Local()))));
        else
            for (var i = 0; i < 32; i++) streams.Add(await OpenAsync(region.Local()));

        var spread = streams.GroupBy(s => s.Head.Shard).Select(g => g.Count()).Order().ToArray();
        Assert.Equal(2, spread.Length);
        Assert.InRange(spread[0], 13, 16);
        Assert.Equal([.. spread], region.Engines.Generators.Created.Select(e => e.Running).Order());

        foreach (var stream in streams) await stream.DisposeAsync();
        Assert.All(region.Engines.Generators.Created, e => Assert.Equal(0, e.Running));
        var leases = region.Silo().GetRequiredService<ReplicaLeases>();
        await region.TableAsync("story", t => leases.Total == 0 && t.Replicas.All(r => r.InFlight == 0));
    }

    [Fact]
    public async Task Streams_that_run_count_as_load_for_those_who_come_later()
    {
        await using var region = await StartAsync(2);
        var streams = new List<IRegionStream>();
        for (var i = 0; i < 8; i++) streams.Add(await OpenAsync(region.Local()));
        var leases = region.Silo().GetRequiredService<ReplicaLeases>();
        await region.TableAsync("story", t => leases.Total == 0 && t.Replicas.Sum(r => r.InFlight) == 8);

        // All on one replica end; the reports show it, and the next four go there.
        var idle = streams[0].Head.Shard;
        foreach (var stream in streams.Where(s => s.Head.Shard == idle).ToArray()) await stream.DisposeAsync();
        await region.StatusAsync(region.Local(), "story", s => s.InFlight == streams.Count(x => x.Head.Shard != idle));
        for (var i = 0; i < 3; i++) Assert.Equal(idle, (await OpenAsync(region.Local())).Head.Shard);
    }

    [Fact]
    public async Task A_replica_that_is_full_leaves_the_stream_to_the_other()
    {
        await using var region = await StartAsync(2);
        var full = region.Engines.Generators.Created.First();
        region.Engines.Generators.Admit = (engine, _) => engine == full
            ? new Inference.Engines.Generation.Contract.GenerationAdmission { Status = Inference.Engines.Generation.Contract.GenerationStatus.QueueFull, Message = "full" }
            : null;

        var edge = new RegionEdge(region.Local());
        for (var i = 0; i < 8; i++) Assert.Null((await edge.OpenAsync(RegionCluster.Generation(), CancellationToken.None)).Refusal);

        Assert.Equal(0, full.Running);
    }

    [Fact]
    public async Task Unloading_waits_for_streams_and_takes_no_new_ones()
    {
        await using var region = await StartAsync(0);
        var shard = await LoadAsync(region);
        var opened = await shard.Open(RegionCluster.Generation());
        var unload = shard.Unload();
        while ((await shard.Status()).State != ShardState.Draining) await Task.Yield();

        Assert.Equal(RefusalCode.NotReady, (await shard.Open(RegionCluster.Generation())).Refusal!.Code);
        region.Engines.Generators.Streams.Single().Write(1);
        var next = (await shard.Read(opened.Head!.Stream, opened.Frame!.Next)).Frame!;
        Assert.Equal((1L, 2L), (next.Offset, next.Next));
        Assert.False(unload.IsCompleted);
        region.Engines.Generators.Streams.Single().Write(1, end: true);
        Assert.True((await shard.Read(opened.Head.Stream, 2)).Frame!.End);

        await unload.WaitAsync(Patience);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Unloading_that_runs_out_of_patience_tells_readers_to_go_elsewhere(bool taken)
    {
        await using var region = await StartAsync(0, o => o.DrainTimeout = TimeSpan.FromMilliseconds(200));
        var shard = await LoadAsync(region);
        using var handover = region.Silo().GetRequiredService<Meridian.Grains.Shards.Streams.Handovers>().Expect();
        var opened = await shard.Open(RegionCluster.Generation() with { Stream = taken ? handover.Id : null });
        var read = taken
            ? ReadAsync(handover.Take()!)
            : shard.Read(opened.Head!.Stream, 1);

        await shard.Unload().WaitAsync(Patience);

        Assert.Equal(RefusalCode.NotReady, (await read).Refusal!.Code);
        await region.Engines.Generators.Streams.Single().Cancelled.WaitAsync(Patience);

        // Loaded anew it knows nothing of the stream.
        Assert.Equal(RefusalCode.RegionLost, (await shard.Read(opened.Head!.Stream, 1)).Refusal!.Code);

        static async Task<StreamReply> ReadAsync(Meridian.Grains.Shards.Streams.OpenStream stream)
        {
            try
            {
                return new StreamReply { Frame = await stream.ReadAsync(1, default) };
            }
            catch (MeridianException e)
            {
                return new StreamReply { Refusal = e.Refusal };
            }
        }
    }

    [Fact]
    public async Task A_silo_that_stops_tells_readers_that_the_region_is_lost()
    {
        await using var region = await StartAsync(1);
        var stream = await OpenAsync(region.Local());
        await stream.ReadAsync(default);
        var read = stream.ReadAsync(default).AsTask();

        await region.Cluster.StopSiloAsync(region.Cluster.Silos[0]);

        Assert.Equal(RefusalCode.RegionLost, (await Assert.ThrowsAsync<MeridianException>(() => read)).Refusal.Code);
    }

    [Fact]
    public async Task A_silo_that_is_lost_ends_its_streams_at_once_and_no_others()
    {
        await using var region = await RegionCluster.StartAsync(
            o =>
            {
                o.RebalanceAfter = TimeSpan.FromMilliseconds(200);
                o.Models.Add(new() { Name = "story", Replicas = 2 });
            },
            silos: 2);
        await region.TableAsync("story", t => t.Replicas.Length == 2 && t.Replicas.All(r => r.State == ShardState.Ready) && !Equals(t.Replicas[0].Silo, t.Replicas[1].Silo));
        await region.StatusAsync(region.Local(), "story", s => s.ReadyReplicas == 2);
        var table = await region.ReadyAsync("story", 2);
        var here = table.Replicas.Single(r => Equals(r.Silo, region.Cluster.Silos[0].SiloAddress)).Key;
        var streams = new List<IRegionStream>();
        while (streams.Select(s => s.Head.Shard).Distinct().Count() < 2) streams.Add(await OpenAsync(region.Local()));
        var reads = new List<(string Shard, Task<StreamFrame?> Read)>();
        foreach (var stream in streams)
        {
            await stream.ReadAsync(default);
            reads.Add((stream.Head.Shard, stream.ReadAsync(default).AsTask()));
        }

        var started = Stopwatch.GetTimestamp();
        await region.Cluster.KillSiloAsync(region.Cluster.Silos[1]);
        foreach (var (_, read) in reads.Where(r => r.Shard != here))
            Assert.Equal(RefusalCode.RegionLost, (await Assert.ThrowsAsync<MeridianException>(() => read.WaitAsync(Patience))).Refusal.Code);
        TestContext.Current.TestOutputHelper?.WriteLine($"lost after {Stopwatch.GetElapsedTime(started).TotalMilliseconds:F0} ms");

        Assert.All(reads.Where(r => r.Shard == here), r => Assert.False(r.Read.IsCompleted));
        foreach (var source in region.Engines.Generators.Streams.Where(s => !s.Over)) source.Write(1, end: true);
        foreach (var (_, read) in reads.Where(r => r.Shard == here)) Assert.True((await read)!.End);
    }

    private static async Task<RegionCluster> StartAsync(int replicas, Action<Meridian.Grains.Settings.RegionOptions>? configure = null)
    {
        var region = await RegionCluster.StartAsync(o =>
        {
            o.Models.Add(new() { Name = "story", Replicas = replicas });
            configure?.Invoke(o);
        });
        if (replicas > 0) await region.ServesAsync("story", replicas);
        return region;
    }

    private static async Task<IModelShard> LoadAsync(RegionCluster region)
    {
        var shard = region.Grains.GetGrain<IModelShard>(new ShardKey("story", "v1", "fp32", 9, 0).ToString());
        while ((await shard.Load()).State != ShardState.Ready) await Task.Yield();
        return shard;
    }

    private static async Task<IRegionStream> OpenAsync(ILocalRegion region)
    {
        var opening = await region.OpenAsync(RegionCluster.Generation(), CancellationToken.None);
        Assert.Null(opening.Refusal);
        return opening.Stream!;
    }
}
