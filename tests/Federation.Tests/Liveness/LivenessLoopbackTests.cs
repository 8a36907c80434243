using System.Net;
using System.Net.Sockets;
using Meridian.Federation.Configuration;
using Meridian.Federation.Directory;
using Meridian.Federation.Tests.Protocol;
using Microsoft.Extensions.DependencyInjection;

namespace Meridian.Federation.Tests.Liveness;

/// <summary>Life and death of real servers on loopback.</summary>
public sealed class LivenessLoopbackTests
{
    [Fact]
    public async Task A_killed_region_is_dead_by_evidence_not_by_silence()
    {
        await using var eu = await RegionHost.StartAsync(new TestRegion("westeurope"));
        await using var edge = await EdgeHost.StartAsync(o =>
        {
            LoopbackTests.Members(o, eu);

            // Silence could not have killed it within the test's patience.
            o.Heartbeat.AcceptablePause = TimeSpan.FromMinutes(10);
            o.Heartbeat.MaxSilence = TimeSpan.FromMinutes(10);
        });
        var alive = await edge.UntilAsync("westeurope", RegionHealth.Alive);

        await eu.KillAsync();

        await edge.UntilAsync("westeurope", RegionHealth.Dead);
        Assert.True(alive.Views["westeurope"].Lost.IsCancellationRequested);
    }

    [Fact]
    public async Task A_region_that_restarts_gets_a_new_incarnation_and_a_new_token()
    {
        var first = await RegionHost.StartAsync(new TestRegion("westeurope", incarnation: 100));
        await using var edge = await EdgeHost.StartAsync(o => LoopbackTests.Members(o, first));
        var before = await edge.UntilAsync("westeurope", RegionHealth.Alive, 100);
        await first.KillAsync();
        await first.DisposeAsync();

        await using var second = await RegionHost.StartAsync(new TestRegion("westeurope", incarnation: 200), port: first.Address.Port);
        var after = await edge.UntilAsync("westeurope", RegionHealth.Alive, 200);
        var answer = await edge.Edge.InferAsync(Sample.Request(), CancellationToken.None);

        Assert.True(before.Views["westeurope"].Lost.IsCancellationRequested);
        Assert.False(after.Views["westeurope"].Lost.IsCancellationRequested);
        Assert.NotNull(answer.Reply.Result);
    }

    [Fact]
    public async Task Requests_under_way_at_a_killed_region_are_served_by_another()
    {
        var arrived = new SemaphoreSlim(0);
        var held = new TestRegion("westeurope")
        {
            Answer = async (_, token) =>
            {
                arrived.Release();
                await Task.Delay(Timeout.InfiniteTimeSpan, token);
                throw new InvalidOperationException("unreachable");
            },
        };
        await using var eu = await RegionHost.StartAsync(held);
        await using var us = await RegionHost.StartAsync(new TestRegion("eastus"), "us");
        await using var edge = await EdgeHost.StartAsync(o =>
        {
            LoopbackTests.Members(o, eu, us);
            o.NearEqualMs = 10_000;
        });
        await edge.UntilAsync("westeurope", RegionHealth.Alive);
        await edge.UntilAsync("eastus", RegionHealth.Alive);
        var infers = Enumerable.Range(0, 20).Select(_ => edge.Edge.InferAsync(Sample.Request(), CancellationToken.None)).ToArray();
        await arrived.WaitAsync();

        await eu.KillAsync();
        var answers = await Task.WhenAll(infers).WaitAsync(TimeSpan.FromSeconds(20));

        Assert.All(answers, a => Assert.Equal("eastus", a.Region));
        Assert.Contains(answers, a => a.Attempts == 2);
        Assert.Equal(0, edge.InFlight.Count("westeurope"));
    }

    [Fact]
    public async Task A_region_that_stops_acking_becomes_dead_and_lives_again_when_it_thaws()
    {
        var region = new TestRegion("westeurope");
        await using var eu = await RegionHost.StartAsync(region);
        await using var edge = await EdgeHost.StartAsync(o =>
        {
            LoopbackTests.Members(o, eu);
            o.Heartbeat = Quick();
        });
        var before = await edge.UntilAsync("westeurope", RegionHealth.Alive);

        region.Freeze();
        await edge.UntilAsync("westeurope", RegionHealth.Dead);
        Assert.True(before.Views["westeurope"].Lost.IsCancellationRequested);

        region.Thaw();
        var after = await edge.UntilAsync("westeurope", RegionHealth.Alive);
        Assert.False(after.Views["westeurope"].Lost.IsCancellationRequested);
    }

    [Fact]
    public async Task A_socket_that_accepts_but_never_speaks_is_never_alive()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        await using var edge = await EdgeHost.StartAsync(o =>
        {
            o.Heartbeat = Quick();
            o.WaitForRegion = TimeSpan.Zero;
            o.Regions.Add(new RegionMemberOptions { Name = "mute", Jurisdiction = "eu", Protocol = $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}" });
            o.Models.Add(new ModelDeclarationOptions { Name = "minilm" });
        });

        // It is dropped and tried again: two connections.
        using var first = await listener.AcceptTcpClientAsync();
        using var second = await listener.AcceptTcpClientAsync();

        Assert.Equal(RegionHealth.Unknown, edge.Directory.Current.Views["mute"].Health);
    }

    [Fact]
    public async Task A_region_under_a_wrong_address_is_not_mistaken_for_another()
    {
        await using var us = await RegionHost.StartAsync(new TestRegion("eastus"), "us");
        await using var eu = await RegionHost.StartAsync(new TestRegion("westeurope"));
        await using var edge = await EdgeHost.StartAsync(o =>
        {
            // The two addresses are the wrong way round for one of them.
            o.Regions.Add(new RegionMemberOptions { Name = "westeurope", Jurisdiction = "eu", Protocol = us.Address.OriginalString });
            o.Regions.Add(new RegionMemberOptions { Name = "eastus", Jurisdiction = "us", Protocol = new UriBuilder(us.Address) { Host = "localhost" }.Uri.OriginalString });
            o.Models.Add(new ModelDeclarationOptions { Name = "minilm" });
            o.Epoch = 9;
        });

        var snapshot = await edge.UntilAsync("eastus", RegionHealth.Alive);

        Assert.NotEqual(RegionHealth.Alive, snapshot.Views["westeurope"].Health);
    }

    [Fact]
    public async Task A_stopping_region_ends_its_streams_and_is_not_held_up_by_them()
    {
        await using var eu = await RegionHost.StartAsync(new TestRegion("westeurope"));
        await using var edge = await EdgeHost.StartAsync(o => o.Regions.Add(new RegionMemberOptions { Name = "westeurope", Jurisdiction = "eu", Protocol = eu.Address.OriginalString }));
        await edge.UntilAsync("westeurope", RegionHealth.Alive);

        await eu.StopAsync().WaitAsync(TimeSpan.FromSeconds(20));

        await edge.UntilAsync("westeurope", RegionHealth.Dead);
    }

    [Fact]
    public async Task A_failed_request_makes_liveness_knock()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        await using var edge = await EdgeHost.StartAsync(o =>
        {
            // A monitor that would look again only in minutes.
            o.Heartbeat.MinBackOff = o.Heartbeat.MaxBackOff = o.Heartbeat.MaxSilence = TimeSpan.FromMinutes(10);
            o.Regions.Add(new RegionMemberOptions { Name = "mute", Jurisdiction = "eu", Protocol = $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}" });
            o.Models.Add(new ModelDeclarationOptions { Name = "minilm" });
        });
        using var stream = await listener.AcceptTcpClientAsync();

        // The listener goes, the monitor's connection stays: only a knock can tell.
        listener.Stop();
        edge.Reports.ReportFailure("mute", 0);

        await edge.UntilAsync("mute", RegionHealth.Dead);
    }

    [Fact]
    public async Task A_word_of_a_later_incarnation_makes_liveness_leave_a_stream_that_leads_nowhere()
    {
        await using var eu = await RegionHost.StartAsync(new TestRegion("westeurope", 5));
        await using var edge = await EdgeHost.StartAsync(o =>
        {
            LoopbackTests.Members(o, eu);
            o.Heartbeat.AcceptablePause = o.Heartbeat.MaxSilence = TimeSpan.FromMinutes(10);
        });
        await edge.UntilAsync("westeurope", RegionHealth.Alive, 5);

        eu.Region.Restart(6);
        edge.Hints.HeardFrom("westeurope", 6);

        await edge.UntilAsync("westeurope", RegionHealth.Alive, 6);
    }

    [Fact]
    public async Task A_region_sees_its_peers_and_itself()
    {
        await using var us = await RegionHost.StartAsync(new TestRegion("eastus", 5), "us");
        await using var eu = await RegionHost.StartAsync(new TestRegion("westeurope", 6), configure: o =>
            o.Regions.Add(new RegionMemberOptions { Name = "eastus", Jurisdiction = "us", Protocol = us.Address.OriginalString }));
        var directory = eu.Services.GetRequiredService<IDirectoryFeed>();
        var snapshot = directory.Current;
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (snapshot.Views["eastus"].Health != RegionHealth.Alive)
            snapshot = await directory.WaitForChangeAsync(snapshot, limit.Token);

        Assert.Equal("westeurope", snapshot.OwnRegion);
        Assert.Equal((RegionHealth.Alive, 6L, 0.0), (snapshot.Views["westeurope"].Health, snapshot.Views["westeurope"].Incarnation, snapshot.Views["westeurope"].RoundTripMs));
        Assert.Equal(5, snapshot.Views["eastus"].Incarnation);
        Assert.True(snapshot.Views["eastus"].RoundTripMs > 0);
    }

    private static HeartbeatOptions Quick() => new()
    {
        Interval = TimeSpan.FromMilliseconds(50),
        AcceptablePause = TimeSpan.FromMilliseconds(100),
        MinStdDev = TimeSpan.FromMilliseconds(50),
        MaxSilence = TimeSpan.FromMilliseconds(500),
    };
}
