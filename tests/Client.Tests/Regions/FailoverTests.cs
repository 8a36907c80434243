using Meridian.Client.Tests.Harness;
using Meridian.Errors;
using Meridian.Messages;

namespace Meridian.Client.Tests.Regions;

/// <summary>Regions that die, hang, and come back.</summary>
public sealed class FailoverTests(ThreeRegions regions) : RegionsTest(regions)
{
    [Fact]
    public async Task A_request_in_flight_at_a_region_that_is_killed_is_served_by_the_next()
    {
        await using var client = await new TestClient(Regions.All, o => o.HomeRegion = "eastus").AllAliveAsync();
        var (arrived, _) = Regions.East.Script.Hang();
        var request = client.EmbedAsync();
        await arrived.WaitAsync(TimeSpan.FromSeconds(60));
        var lost = client.Client.Regions[0].Lost;

        Regions.East.Distance.Kill();
        var result = await request.WaitAsync(TimeSpan.FromSeconds(60));

        Assert.NotEqual("eastus", result.Region);
        Assert.True(lost.IsCancellationRequested);
        await client.UntilAsync(Regions.East, RegionConnectionState.Lost);
        // What comes next does not even try the lost region.
        Assert.NotEqual("eastus", (await client.EmbedAsync()).Region);
        Assert.NotEqual("eastus", client.Client.HomeRegion());
    }

    [Theory]
    [InlineData(RefusalCode.NotReady)]
    [InlineData(RefusalCode.NoCapacity)]
    public async Task A_region_that_lost_a_replica_is_asked_again_without_it(RefusalCode code)
    {
        await using var client = await new TestClient(Regions.All, o => o.HomeRegion = "eastus").AllAliveAsync();
        var script = Regions.East.Script;
        script.Infer = (request, _) => Task.FromResult(request.ExcludedReplicas is null ? Replica(code, "r0", again: true) : script.Embed(request));

        var result = await client.EmbedAsync();

        Assert.Equal("eastus", result.Region);
        Assert.Equal([null, ["r0"]], script.Requests.Select(request => request.ExcludedReplicas));
        Assert.Equal([3, 2], script.Requests.Select(request => request.AttemptsLeft));
    }

    [Fact]
    public async Task A_request_costs_as_many_calls_as_its_budget_when_all_replicas_of_all_regions_are_lost()
    {
        await using var client = await new TestClient(Regions.All, o => o.HomeRegion = "eastus").AllAliveAsync();
        foreach (var region in Regions.All)
            region.Script.Infer = (request, _) => Task.FromResult(Replica(RefusalCode.NotReady, $"r{request.ExcludedReplicas?.Length ?? 0}", again: true));

        await Assert.ThrowsAsync<MeridianException>(() => client.EmbedAsync());

        Assert.Equal([0, 2, 2], Regions.All.Select(region => region.Script.Requests.Count).Order());
        Assert.Equal(2, Regions.East.Script.Requests.Count);
    }

    [Fact]
    public async Task A_region_that_does_not_know_the_model_is_passed_over()
    {
        await using var client = await new TestClient(Regions.All, o => o.HomeRegion = "eastus").AllAliveAsync();
        Regions.East.Script.Infer = (_, _) => Task.FromResult(InferReply.Refuse(RefusalCode.ModelNotFound, "removed here"));

        Assert.NotEqual("eastus", (await client.EmbedAsync()).Region);
    }

    [Theory]
    [InlineData(1000, true)]
    [InlineData(0, false)]
    public async Task A_model_that_regions_are_loading_is_waited_for(int retryAfterMs, bool served)
    {
        await using var client = await new TestClient(Regions.All, o => o.HomeRegion = "eastus").AllAliveAsync();
        var asked = 0;
        foreach (var region in Regions.All)
        {
            region.Script.Infer = (request, _) => Task.FromResult(
                Interlocked.Increment(ref asked) > 6 ? region.Script.Embed(request) : InferReply.Refuse(RefusalCode.NotReady, "no ready replica", retryAfterMs: retryAfterMs));
        }

        if (served)
            Assert.NotNull(await client.EmbedAsync());
        else
            Assert.Equal(RefusalCode.NotReady, (await Assert.ThrowsAsync<MeridianException>(() => client.EmbedAsync())).Refusal.Code);
    }

    [Fact]
    public async Task A_model_that_no_region_knows_is_not_found_after_one_round()
    {
        await using var client = await new TestClient(Regions.All, o => o.HomeRegion = "eastus").AllAliveAsync();
        foreach (var region in Regions.All)
            region.Script.Infer = (_, _) => Task.FromResult(InferReply.Refuse(RefusalCode.ModelNotFound, "unknown"));

        var refused = await Assert.ThrowsAsync<MeridianException>(() => client.EmbedAsync());

        Assert.Equal(RefusalCode.ModelNotFound, refused.Refusal.Code);
        Assert.Equal([1, 1, 1], Regions.All.Select(region => region.Script.Requests.Count));
    }

    [Fact]
    public async Task The_only_region_is_asked_until_a_replica_serves()
    {
        await using var client = await new TestClient([Regions.East]).AllAliveAsync();
        var script = Regions.East.Script;
        script.Infer = (request, _) => Task.FromResult(
            request.ExcludedReplicas is { Length: 3 } ? script.Embed(request) : Replica(RefusalCode.NotReady, $"r{request.ExcludedReplicas?.Length ?? 0}", again: true));

        Assert.Equal("eastus", (await client.EmbedAsync()).Region);
        Assert.Equal(4, script.Requests.Count);
    }

    [Fact]
    public async Task A_request_in_flight_at_a_region_that_hangs_is_served_by_the_next()
    {
        await using var client = await new TestClient(Regions.All, o =>
        {
            o.HomeRegion = "eastus";
            o.PingTimeout = TimeSpan.FromMilliseconds(250);
        }).AllAliveAsync();
        var (arrived, _) = Regions.East.Script.Hang();
        var request = client.EmbedAsync();
        await arrived.WaitAsync(TimeSpan.FromSeconds(60));

        Regions.East.Distance.Freeze();

        Assert.NotEqual("eastus", (await request.WaitAsync(TimeSpan.FromSeconds(60))).Region);
        await client.UntilAsync(Regions.East, RegionConnectionState.Lost);
        Regions.East.Distance.Thaw();
        await client.UntilAsync(Regions.East, RegionConnectionState.Alive);
    }

    [Fact]
    public async Task Requests_go_on_while_region_after_region_is_killed_and_comes_back()
    {
        await using var client = await new TestClient(Regions.All).AllAliveAsync();
        using var enough = new CancellationTokenSource();
        var served = 0;
        var callers = Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            while (!enough.IsCancellationRequested)
            {
                await client.EmbedAsync();
                Interlocked.Increment(ref served);
            }
        })).ToArray();

        for (var round = 0; round < 6; round++)
        {
            var home = client.Client.HomeRegion() ?? "eastus";
            var victim = Regions.All.Single(r => r.Name == home);
            victim.Distance.Kill();
            await client.UntilAsync(victim, RegionConnectionState.Lost);
            victim.Distance.Revive();
            await client.UntilAsync(victim, RegionConnectionState.Alive);
        }

        await enough.CancelAsync();
        await Task.WhenAll(callers).WaitAsync(TimeSpan.FromSeconds(60));
        Assert.True(served > 0);
    }

    [Fact]
    public async Task The_home_moves_away_and_returns_once_the_region_has_settled()
    {
        Regions.Europe.Distance.Delay = TimeSpan.FromMilliseconds(20);
        await using var client = await new TestClient([Regions.East, Regions.Europe], o => o.ReturnAfter = TimeSpan.FromSeconds(1)).AllAliveAsync();
        Assert.Equal("eastus", (await client.EmbedAsync()).Region);

        Regions.East.Distance.Kill();
        await client.UntilAsync(Regions.East, RegionConnectionState.Lost);
        Assert.Equal("westeurope", (await client.EmbedAsync()).Region);

        Regions.East.Distance.Revive();
        await client.UntilAsync(Regions.East, RegionConnectionState.Alive);
        await client.UntilAsync("eastus settled", r => r[0].Settled);
        Assert.Equal("eastus", (await client.EmbedAsync()).Region);
    }

    [Fact]
    public async Task A_region_that_restarts_on_the_same_address_is_found_again()
    {
        await using var region = new TestRegion("northeurope", "eu");
        await region.StartAsync();
        await using var client = await new TestClient([region]).AllAliveAsync();
        var before = client.Client.Regions[0];
        var orleans = client.Client.GetClusterClient("northeurope");

        await region.StopAsync();
        await client.UntilAsync(region, RegionConnectionState.Lost);
        Assert.True(before.Lost.IsCancellationRequested);
        // Sent while nothing is there: it waits for the region rather than to fail.
        var waiting = client.EmbedAsync();
        await region.StartAsync();

        Assert.Equal("northeurope", (await waiting.WaitAsync(TimeSpan.FromSeconds(60))).Region);
        var after = client.Client.Regions[0];
        Assert.True(after.Incarnation > before.Incarnation);
        Assert.False(after.Lost.IsCancellationRequested);
        Assert.Same(orleans, client.Client.GetClusterClient("northeurope"));
    }

    [Fact]
    public async Task A_restart_that_no_socket_told_of_ends_the_old_connection()
    {
        await using var client = await new TestClient([Regions.East]).AllAliveAsync();
        var before = client.Client.Regions[0];

        Regions.East.Script.Incarnation++;

        await client.UntilAsync("a new incarnation", r => r[0].Incarnation > before.Incarnation);
        Assert.True(before.Lost.IsCancellationRequested);
        Assert.False(client.Client.Regions[0].Lost.IsCancellationRequested);
    }

    [Fact]
    public async Task A_client_starts_while_all_regions_are_away_and_finds_them_when_they_come()
    {
        await using var region = new TestRegion("northeurope", "eu");
        await using var client = new TestClient([region]);
        await client.UntilAsync("the region is known to be away", r => r[0] is { State: RegionConnectionState.Connecting, Problem: not null });
        var request = client.EmbedAsync();

        await region.StartAsync();

        Assert.Equal("northeurope", (await request.WaitAsync(TimeSpan.FromSeconds(60))).Region);
    }

    [Fact]
    public async Task Nothing_in_reach_is_said_with_the_reason_for_each_region()
    {
        await using var region = new TestRegion("northeurope", "eu");
        region.Distance.Kill();
        await using var client = new TestClient([region], o => o.WaitForRegion = TimeSpan.Zero);
        await client.UntilAsync("the region is known to be away", r => r[0].Problem is not null);

        var error = await Assert.ThrowsAsync<MeridianException>(() => client.EmbedAsync());

        Assert.Equal(RefusalCode.RegionLost, error.Refusal.Code);
        Assert.Contains("northeurope: ", error.Message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => client.Client.GetClusterClient("northeurope"));
    }

    [Fact]
    public async Task Permitted_regions_out_of_reach_do_not_open_the_others()
    {
        await using var region = new TestRegion("northeurope", "eu");
        await using var client = new TestClient([region, Regions.East], o => o.WaitForRegion = TimeSpan.Zero);
        await client.UntilAsync(Regions.East, RegionConnectionState.Alive);
        var request = new InferRequest { RequestId = "r-4", Model = "minilm", RemainingMs = 0, Residency = ["eu"], Input = new EmbeddingInput { Texts = ["1"] } };

        var error = await Assert.ThrowsAsync<MeridianException>(() => client.Client.InferAsync(request));

        Assert.Equal(RefusalCode.ResidencyUnavailable, error.Refusal.Code);
        Assert.Empty(Regions.East.Script.Requests);
    }

    [Fact]
    public async Task A_client_that_stops_cancels_what_is_under_way()
    {
        var client = await new TestClient([Regions.East]).AllAliveAsync();
        var (arrived, _) = Regions.East.Script.Hang();
        var request = client.EmbedAsync();
        await arrived.WaitAsync(TimeSpan.FromSeconds(60));

        await client.DisposeAsync();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => request.WaitAsync(TimeSpan.FromSeconds(60)));
    }

    private static InferReply Replica(RefusalCode code, string replica, bool again) =>
        new() { Refusal = new Refusal { Code = code, Message = $"replica {replica}", Replica = replica, Again = again, RetryAfterMs = 10 } };
}
