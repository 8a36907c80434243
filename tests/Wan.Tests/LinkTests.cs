using System.Diagnostics;
using System.Net.Sockets;
using Meridian.TestModules;
using Meridian.Wan.Lab;

namespace Meridian.Wan.Tests;

[Collection(MachineAlone.Name)]
public sealed class LinkTests : IAsyncDisposable
{
    // What a busy machine may add; a wrong setting is off by more.
    private static readonly TimeSpan Slack = 20.Ms();

    private readonly WanLab _lab = NeedsLab.Create("a", "b", "c");
    private readonly CancellationTokenSource _limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);

    public LinkTests() => _limit.CancelAfter(TimeSpan.FromSeconds(30));

    private CancellationToken Token => _limit.Token;

    [Theory]
    [InlineData(0)]
    [InlineData(20)]
    [InlineData(80)]
    public async Task A_link_has_the_round_trip_it_is_set_to(int milliseconds)
    {
        _lab.Link("a", "b").SetRoundTrip(milliseconds.Ms());

        await using var probe = await ProbeAsync("a", "b");
        var trips = await probe.RoundTripsAsync(15, Token);

        Assert.InRange(probe.Connect, milliseconds.Ms(), milliseconds.Ms() + 3 * Slack);
        Assert.All(trips, trip => Assert.True(trip >= milliseconds.Ms(), $"{trip.TotalMilliseconds} ms is faster than the link."));
        Assert.InRange(trips.Typical(), milliseconds.Ms(), milliseconds.Ms() + Slack);
    }

    [Fact]
    public async Task Each_direction_has_a_latency_of_its_own_and_other_links_keep_theirs()
    {
        _lab.Line("a", "b").Settings = new LineSettings { Latency = 60.Ms() };

        await using var probe = await ProbeAsync("a", "b");
        await using var back = await ProbeAsync("b", "a");
        await using var other = await ProbeAsync("a", "c");

        Assert.InRange((await probe.RoundTripsAsync(9, Token)).Typical(), 60.Ms(), 60.Ms() + Slack);
        Assert.InRange((await back.RoundTripsAsync(9, Token)).Typical(), 60.Ms(), 60.Ms() + Slack);
        Assert.InRange((await other.RoundTripsAsync(9, Token)).Typical(), TimeSpan.Zero, Slack);
    }

    [Fact]
    public async Task A_change_is_in_force_for_a_connection_that_runs()
    {
        await using var probe = await ProbeAsync("a", "b");
        var before = (await probe.RoundTripsAsync(9, Token)).Typical();

        _lab.Link("a", "b").SetRoundTrip(70.Ms());
        var during = (await probe.RoundTripsAsync(9, Token)).Typical();

        _lab.Link("a", "b").SetRoundTrip(TimeSpan.Zero);
        var after = (await probe.RoundTripsAsync(9, Token)).Typical();

        Assert.InRange(before, TimeSpan.Zero, Slack);
        Assert.InRange(during, 70.Ms(), 70.Ms() + Slack);
        Assert.InRange(after, TimeSpan.Zero, Slack);
    }

    [Fact]
    public async Task Jitter_spreads_the_round_trips_and_keeps_the_bytes_in_order()
    {
        _lab.Link("a", "b").Set(_ => new LineSettings { Latency = 5.Ms(), Jitter = 30.Ms() });
        var bytes = new byte[400_000];
        new Random(5).NextBytes(bytes);

        await using var probe = await ProbeAsync("a", "b");
        var trips = await probe.RoundTripsAsync(40, Token);
        var echoed = await probe.EchoAsync(bytes, Token);

        Assert.Equal(bytes, echoed);
        Assert.True(trips.Min() >= 10.Ms());
        Assert.True(trips.Max() - trips.Min() > 15.Ms(), $"Round trips from {trips.Min().TotalMilliseconds} to {trips.Max().TotalMilliseconds} ms.");
        Assert.InRange(trips.Typical(), 20.Ms(), 60.Ms());
    }

    [Fact]
    public async Task Jitter_alone_never_makes_a_packet_overtake_another()
    {
        // Datagrams: nothing above them would put them back in order.
        _lab.Line("a", "b").Settings = new LineSettings { Latency = 2.Ms(), Jitter = 20.Ms() };
        using var receiver = _lab["b"].CreateDatagramSocket();
        using var sender = _lab["a"].CreateDatagramSocket();
        receiver.Bind(new System.Net.IPEndPoint(_lab["b"].Address, 7000));
        const int Count = 200;

        for (var i = 0; i < Count; i++)
        {
            await sender.SendToAsync(BitConverter.GetBytes(i), new System.Net.IPEndPoint(_lab["b"].Address, 7000), Token);
        }

        var received = new int[Count];
        for (var i = 0; i < Count; i++)
        {
            var buffer = new byte[4];
            await receiver.ReceiveAsync(buffer, Token);
            received[i] = BitConverter.ToInt32(buffer);
        }

        Assert.Equal(Enumerable.Range(0, Count), received);
    }

    [Fact]
    public async Task A_line_carries_no_more_than_its_bandwidth()
    {
        const int Bytes = 500_000;
        const long Rate = 4_000_000;
        _lab.Line("a", "b").Settings = new LineSettings { Latency = 5.Ms(), BitsPerSecond = Rate };

        await using var probe = await ProbeAsync("a", "b");
        var watch = Stopwatch.StartNew();
        await probe.EchoAsync(new byte[Bytes], Token);

        // 1 s for the payload, and the headers of 40 in 1,500 bytes; a retransmission or two on top.
        var ideal = TimeSpan.FromSeconds(Bytes * 8.0 / Rate);
        Assert.InRange(watch.Elapsed, ideal, 2 * ideal);
    }

    [Fact]
    public async Task A_full_queue_loses_packets_and_the_connection_survives_it()
    {
        var line = _lab.Line("a", "b");
        line.Settings = new LineSettings { Latency = 5.Ms(), BitsPerSecond = 8_000_000, QueueBytes = 8_000 };
        var bytes = new byte[300_000];
        new Random(6).NextBytes(bytes);

        await using var probe = await ProbeAsync("a", "b");

        Assert.Equal(bytes, await probe.EchoAsync(bytes, Token));
        Assert.True(line.Lost > 0);
    }

    [Fact]
    public async Task A_cut_link_swallows_everything_and_a_healed_one_goes_on_with_the_same_connection()
    {
        var link = _lab.Link("a", "b");
        await using var probe = await ProbeAsync("a", "b");
        await probe.RoundTripAsync(Token);

        link.Cut();
        var echo = probe.EchoAsync(new byte[] { 1, 2, 3 }, Token);
        Assert.True(await IsSilentAsync("a", "b"));
        Assert.True(await IsSilentAsync("b", "a"));
        Assert.False(echo.IsCompleted);
        Assert.False(await IsSilentAsync("a", "c"));

        link.Heal();
        Assert.Equal(new byte[] { 1, 2, 3 }, await echo);
        Assert.False(await IsSilentAsync("a", "b"));
    }

    [Fact]
    public async Task A_cut_in_one_direction_lets_requests_through_and_no_answers()
    {
        await using var probe = await ProbeAsync("a", "b");
        await probe.RoundTripAsync(Token);
        var there = _lab.Line("a", "b");
        var back = _lab.Line("b", "a");
        var arrived = there.Packets;

        back.Settings = back.Settings with { State = LineState.Cut };
        var lost = back.Lost;
        var echo = probe.EchoAsync(new byte[] { 7 }, Token);

        // A connect fails from either side: one misses its answer, the other never asks.
        Assert.True(await IsSilentAsync("a", "b"));
        Assert.True(await IsSilentAsync("b", "a"));
        Assert.True(there.Packets > arrived);
        Assert.True(back.Lost > lost);
        Assert.False(echo.IsCompleted);

        back.Settings = back.Settings with { State = LineState.Open };
        Assert.Equal(new byte[] { 7 }, await echo);
    }

    [Fact]
    public async Task A_stall_holds_what_is_sent_and_loses_nothing()
    {
        var link = _lab.Link("a", "b");
        await using var probe = await ProbeAsync("a", "b");
        await probe.RoundTripAsync(Token);
        var lost = link.Forward.Lost + link.Backward.Lost;

        link.Stall();
        var watch = Stopwatch.StartNew();
        var echo = probe.RoundTripAsync(Token);
        var sent = watch.Elapsed;
        Assert.True(await IsSilentAsync("a", "b"));
        Assert.False(echo.IsCompleted);

        // A timer may end some milliseconds early: the bound is the time that the link was stalled, not the time asked for.
        var held = watch.Elapsed - sent;
        link.Heal();
        Assert.InRange(await echo, held, watch.Elapsed + Slack);
        Assert.Equal(lost, link.Forward.Lost + link.Backward.Lost);
    }

    [Fact]
    public async Task A_rejecting_link_resets_connections_and_refuses_new_ones_at_once()
    {
        await using var probe = await ProbeAsync("a", "b");
        await probe.RoundTripAsync(Token);

        _lab.Link("a", "b").Set(settings => settings with { State = LineState.Rejecting });

        var reset = await Assert.ThrowsAsync<SocketException>(() => probe.RoundTripAsync(Token));
        var refused = await Assert.ThrowsAsync<SocketException>(() => ProbeAsync("a", "b"));
        Assert.Equal(SocketError.ConnectionReset, reset.SocketErrorCode);
        Assert.Equal(SocketError.ConnectionRefused, refused.SocketErrorCode);
    }

    [Fact]
    public async Task A_port_nobody_listens_on_refuses_after_one_round_trip()
    {
        _lab.Link("a", "b").SetRoundTrip(40.Ms());
        var watch = Stopwatch.StartNew();

        var refused = await Assert.ThrowsAsync<SocketException>(() => _lab["a"].ConnectAsync(new System.Net.IPEndPoint(_lab["b"].Address, 9), Token));

        Assert.Equal(SocketError.ConnectionRefused, refused.SocketErrorCode);
        Assert.InRange(watch.Elapsed, 40.Ms(), 40.Ms() + 3 * Slack);
    }

    [Fact]
    public void Settings_without_sense_are_refused_by_name()
    {
        var line = _lab.Line("a", "b");

        Assert.Throws<ArgumentOutOfRangeException>("Latency", () => line.Settings = new LineSettings { Latency = -1.Ms() });
        Assert.Throws<ArgumentOutOfRangeException>("Loss", () => line.Settings = new LineSettings { Loss = 1.5 });
        Assert.Throws<ArgumentOutOfRangeException>("BitsPerSecond", () => line.Settings = new LineSettings { BitsPerSecond = 0 });
        Assert.Contains("'d'", Assert.Throws<ArgumentException>(() => _lab.Line("a", "d")).Message, StringComparison.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        _limit.Dispose();
        await _lab.DisposeAsync();
    }

    private Task<Probe> ProbeAsync(string from, string to) => Probe.OpenAsync(_lab[from], _lab[to], Token);

    // No connection within 300 ms where one takes a few.
    private async Task<bool> IsSilentAsync(string from, string to)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Token);
        patience.CancelAfter(300.Ms());
        try
        {
            await using var probe = await Probe.OpenAsync(_lab[from], _lab[to], patience.Token);
            return false;
        }
        catch (OperationCanceledException)
        {
            return true;
        }
    }
}
