using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Meridian.Federation.Configuration;
using Meridian.Federation.Regions;
using Meridian.Federation.Tests.Protocol;
using Meridian.Routing.Attempts;
using Meridian.Routing.Snapshots;
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

        // The listener goes, the monitor's connection stays: only a probe can tell.
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

    [Fact]
    public Task A_killed_region_is_out_of_the_snapshot_within_two_seconds() => HoldsAsync(TimeSpan.FromSeconds(2), async () =>
    {
        await using var eu = await RegionHost.StartAsync(new TestRegion("westeurope"));
        await using var edge = await EdgeHost.StartAsync(o => LoopbackTests.Members(o, eu));
        await edge.UntilAsync("westeurope", RegionHealth.Alive);
        var killed = Stopwatch.StartNew();

        await eu.KillAsync();
        await edge.UntilAsync("westeurope", RegionHealth.Dead);

        return killed.Elapsed;
    });

    [Fact]
    public Task A_frozen_region_is_out_of_the_snapshot_within_four_seconds() => HoldsAsync(TimeSpan.FromSeconds(4), async () =>
    {
        await using var eu = await RegionHost.StartAsync(new TestRegion("westeurope"));
        await using var edge = await EdgeHost.StartAsync(o => LoopbackTests.Members(o, eu));
        await edge.UntilAsync("westeurope", RegionHealth.Alive);
        var frozen = Stopwatch.StartNew();

        eu.Region.Freeze();
        await edge.UntilAsync("westeurope", RegionHealth.Dead);
        eu.Region.Thaw();

        return frozen.Elapsed;
    });

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public async Task A_region_that_is_cut_off_in_either_direction_is_out_of_the_snapshot_within_four_seconds_and_back_when_the_line_heals(bool to, bool from) =>
        await HoldsAsync(TimeSpan.FromSeconds(4), () => CutAsync(to, from));

    private static async Task<TimeSpan> CutAsync(bool to, bool from)
    {
        await using var eu = await RegionHost.StartAsync(new TestRegion("westeurope"));
        await using var line = new LinkRelay(eu.Address);
        await using var edge = await EdgeHost.StartAsync(o => Over(o, line));
        var before = await edge.UntilAsync("westeurope", RegionHealth.Alive);
        var cut = Stopwatch.StartNew();

        (line.CutToTarget, line.CutFromTarget) = (to, from);
        await edge.UntilAsync("westeurope", RegionHealth.Dead);

        var elapsed = cut.Elapsed;
        Assert.True(before.Views["westeurope"].Lost.IsCancellationRequested);
        (line.CutToTarget, line.CutFromTarget) = (false, false);
        var healed = await edge.UntilAsync("westeurope", RegionHealth.Alive);
        Assert.Equal(0.1, healed.Views["westeurope"].Weight);
        return elapsed;
    }

    [Fact]
    public async Task A_region_that_restarts_with_its_clock_set_back_is_alive_again()
    {
        var first = await RegionHost.StartAsync(new TestRegion("westeurope", incarnation: 1_900_000_000_000));
        await using var edge = await EdgeHost.StartAsync(o => LoopbackTests.Members(o, first));
        var before = await edge.UntilAsync("westeurope", RegionHealth.Alive, 1_900_000_000_000);
        await first.KillAsync();
        await first.DisposeAsync();

        await using var second = await RegionHost.StartAsync(new TestRegion("westeurope", incarnation: 1_900_000_000_000 - 18_000_000), port: first.Address.Port);
        await edge.UntilAsync("westeurope", RegionHealth.Alive, 1_900_000_000_000 - 18_000_000);

        Assert.True(before.Views["westeurope"].Lost.IsCancellationRequested);
    }

    [Fact]
    public async Task An_opened_breaker_is_in_the_snapshot_at_once_and_closes_after_the_break()
    {
        await using var eu = await RegionHost.StartAsync(new TestRegion("westeurope"));
        await using var edge = await EdgeHost.StartAsync(o =>
        {
            LoopbackTests.Members(o, eu);
            o.Heartbeat.Interval = o.Heartbeat.AcceptablePause = TimeSpan.FromMinutes(10);
            o.Heartbeat.MaxSilence = TimeSpan.FromMinutes(30);
            o.Availability.Break = TimeSpan.FromMilliseconds(500);
        });
        await edge.UntilAsync("westeurope", RegionHealth.Alive);

        // The next tick is ten minutes away.
        for (var i = 0; i < 10; i++)
            edge.Attempts.Report("westeurope", 1, AttemptOutcome.Faulted);
        await edge.UntilAsync(s => s.Views["westeurope"].Breaker == BreakerState.Open, "an open breaker");

        // Trials, until enough were answered after the break.
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (edge.Directory.Current.Views["westeurope"].Breaker != BreakerState.Closed)
        {
            edge.Attempts.Report("westeurope", 1, AttemptOutcome.Answered);
            await Task.Delay(5, limit.Token);
        }
    }

    [Fact]
    public async Task Load_is_seen_though_only_what_changed_is_sent()
    {
        var models = Enumerable.Range(0, 200).Select(i => Sample.Model() with { Model = $"m{i}" }).ToArray();
        await using var eu = await RegionHost.StartAsync(new TestRegion("westeurope"));
        eu.Region.Report(Sample.Status("westeurope", 1, [.. models]));
        await using var line = new LinkRelay(eu.Address);
        await using var edge = await EdgeHost.StartAsync(o =>
        {
            Over(o, line);
            o.Heartbeat.Interval = TimeSpan.FromMilliseconds(20);
        });
        await edge.UntilAsync(s => s.Views["westeurope"].Models.Length == 200, "all models");

        for (var change = 1; change <= 20; change++)
        {
            models[change] = models[change] with { Queued = change };
            eu.Region.Report(Sample.Status("westeurope", 1, [.. models]));
            var at = change;
            await edge.UntilAsync(s => s.Views["westeurope"].Models[at].Queued == at, $"change {at}");
        }

        Assert.Equal(models, edge.Directory.Current.Views["westeurope"].Models);

        // Once everything (some 6 kB), then a model at a time: everything each time would be 20 times as much and more.
        Assert.InRange(line.BytesFromTarget, 5_000, 40_000);
    }

    /// <summary>The bound of the design, in time that this process was able to hear: it shares its machine, and an observer that was stopped or starved forgives that on purpose.</summary>
    private static async Task HoldsAsync(TimeSpan most, Func<Task<TimeSpan>> run)
    {
        using var hearing = new HearingTime();
        var took = await run();
        Assert.True(took - hearing.Lost <= most, $"It took {took}, of which this process could not hear for {hearing.Lost}, and must never take longer than {most}.");
    }

    private static void Over(FederationOptions options, LinkRelay line)
    {
        options.Regions.Add(new RegionMemberOptions { Name = "westeurope", Jurisdiction = "eu", Protocol = line.Address.OriginalString });
        options.Models.Add(new ModelDeclarationOptions { Name = "minilm" });

        // Above the region's own: the line's address stays the region's.
        options.Epoch = 9;
    }

    private static HeartbeatOptions Quick() => new()
    {
        Interval = TimeSpan.FromMilliseconds(50),
        AcceptablePause = TimeSpan.FromMilliseconds(100),
        MinStdDev = TimeSpan.FromMilliseconds(50),
        MaxSilence = TimeSpan.FromMilliseconds(500),
    };
}
