using Meridian.Errors;
using Meridian.Grains.Draining;
using Meridian.Grains.Tests.Fakes;
using Meridian.Messages;
using Microsoft.Extensions.DependencyInjection;

namespace Meridian.Grains.Tests.Draining;

public sealed class RegionDrainTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_drained_region_says_so_everywhere_runs_on_until_its_deadline_and_hands_its_streams_over()
    {
        await using var region = await StartAsync(silos: 2);
        await region.ServesAsync("echo");
        await region.ServesAsync("story");
        await using var stream = (await region.FromClient.OpenAsync(RegionCluster.Generation(), CancellationToken.None)).Stream!;
        await stream.ReadAsync(default);

        await region.DrainAsync(DrainTarget.Region);
        await DrainingAsync(region, true);
        var running = await region.DrainsAsync(overview => overview.Region is { Unheard: 0, Work.Streams: 1 });
        Assert.Equal((DrainState.Draining, "test", "because", false), (running.Region!.State, running.Region.By, running.Region.Reason, running.Region.Overdue));
        Assert.Equal(2, running.Region.Work.Replicas);

        // What has nowhere else to go is taken all the same: only routing keeps requests away.
        Assert.Null((await region.Endpoint.Infer(RegionCluster.Request("echo"))).Refusal);

        await region.DrainAsync(DrainTarget.Region, deadlineSeconds: 0);
        var end = await Assert.ThrowsAsync<MeridianException>(async () => await stream.ReadAsync(default).AsTask().WaitAsync(Patience));
        Assert.Equal(RefusalCode.RegionLost, end.Refusal.Code);
        Assert.Contains("is draining", end.Message, StringComparison.Ordinal);
        await region.EmptyAsync(DrainScope.Region);

        await region.Grains.GetGrain<IRegionDrain>(0).End(DrainTarget.Region);
        await DrainingAsync(region, false);
        Assert.Empty((await region.Grains.GetGrain<IRegionDrain>(0).Read()).Drains);
    }

    [Fact]
    public async Task A_stream_that_ends_in_time_is_left_alone()
    {
        await using var region = await StartAsync();
        await region.ServesAsync("story");
        await using var stream = (await region.Local().OpenAsync(RegionCluster.Generation(), CancellationToken.None)).Stream!;
        await region.DrainAsync(DrainTarget.Region);
        await region.DrainsAsync(overview => overview.Region is { Unheard: 0, Work.Streams: 1 });

        region.Engines.Generators.Streams.Single().Write(3, end: true);
        while (await stream.ReadAsync(default) is { End: false })
        {
        }

        await region.EmptyAsync(DrainScope.Region);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Only_a_sticky_drain_outlives_the_region(bool sticky)
    {
        var store = new TestStore();
        await using (var before = await StartAsync(store: store))
        {
            await before.DrainAsync(DrainTarget.Region, sticky: sticky);
        }

        await using var region = await StartAsync(store: store);
        await region.ServesAsync("echo");
        await region.DrainsAsync(_ => true);
        var overview = await region.Grains.GetGrain<IRegionDrain>(0).Read();
        Assert.Equal(sticky, overview.Region is not null);
        await DrainingAsync(region, sticky);
        if (!sticky) return;
        await region.Grains.GetGrain<IRegionDrain>(0).End(DrainTarget.Region);
        Assert.Empty(store.Read<RegionDrainState>(region.Grains.GetGrain<IRegionDrain>(0).GetGrainId())!.Drains);
    }

    [Fact]
    public async Task A_store_that_is_down_holds_up_no_drain_but_a_sticky_one()
    {
        await using var region = await StartAsync();
        await region.ServesAsync("echo");
        await region.DrainsAsync(_ => true);
        region.Store.Down = true;

        Assert.NotNull((await region.DrainAsync(DrainTarget.Region)).Region);
        var refused = await Assert.ThrowsAsync<MeridianException>(() => region.DrainAsync(DrainTarget.Region, sticky: true));
        Assert.Equal(RefusalCode.NotReady, refused.Refusal.Code);
        Assert.False((await region.Grains.GetGrain<IRegionDrain>(0).Read()).Region!.Sticky);
    }

    [Fact]
    public async Task The_last_silo_leaves_by_draining_its_region()
    {
        await using var region = await StartAsync();
        await region.ServesAsync("story");
        await using var stream = (await region.Local().OpenAsync(RegionCluster.Generation(), CancellationToken.None)).Stream!;
        await stream.ReadAsync(default);

        var leaving = region.Silo().GetRequiredService<SiloShutdown>().LeaveAsync(TimeSpan.Zero, TimeSpan.FromMilliseconds(300), Patience, CancellationToken.None);
        Assert.True(region.Local().Status.Draining);
        var end = await Assert.ThrowsAsync<MeridianException>(async () => await stream.ReadAsync(default).AsTask().WaitAsync(Patience));
        Assert.Equal(RefusalCode.RegionLost, end.Refusal.Code);
        await leaving.WaitAsync(Patience);
        Assert.Equal("process", (await region.Grains.GetGrain<IRegionDrain>(0).Read()).Region!.By);
    }

    private static Task<RegionCluster> StartAsync(int silos = 1, TestStore? store = null) => RegionCluster.StartAsync(
        options =>
        {
            options.Models.AddRange([new() { Name = "echo" }, new() { Name = "story" }]);
            options.DrainSettle = TimeSpan.FromMilliseconds(100);
        },
        silos: silos,
        store: store);

    private static async Task DrainingAsync(RegionCluster region, bool wanted)
    {
        for (var silo = 0; silo < region.Cluster.Silos.Count; silo++) await region.StatusOfAsync(region.Local(silo), status => status.Draining == wanted);
        await region.StatusOfAsync(region.FromClient, status => status.Draining == wanted);
    }
}
