using System.Diagnostics;
using System.Net.Sockets;

namespace Meridian.Wan.Lab;

/// <summary>One TCP connection between two sites that measures what a program there would.</summary>
public sealed class Probe : IAsyncDisposable
{
    private readonly EchoServer _echo;
    private readonly Socket _socket;

    private Probe(EchoServer echo, Socket socket, TimeSpan connect) => (_echo, _socket, Connect) = (echo, socket, connect);

    /// <value>How long the connect took: a round trip, as the handshake is one.</value>
    public TimeSpan Connect { get; }

    public static async Task<Probe> OpenAsync(WanSite from, WanSite to, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(from);
        var echo = new EchoServer(to);
        try
        {
            var watch = Stopwatch.StartNew();
            var socket = await from.ConnectAsync(echo.EndPoint, cancellationToken);
            return new Probe(echo, socket, watch.Elapsed);
        }
        catch
        {
            await echo.DisposeAsync();
            throw;
        }
    }

    /// <summary>Sends a few bytes and waits for them to come back.</summary>
    public async Task<TimeSpan> RoundTripAsync(CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        await EchoAsync(new byte[16], cancellationToken);
        return Stopwatch.GetElapsedTime(start);
    }

    /// <summary>The round trips of several messages, one after the other.</summary>
    public async Task<TimeSpan[]> RoundTripsAsync(int count, CancellationToken cancellationToken)
    {
        var trips = new TimeSpan[count];
        for (var i = 0; i < count; i++)
        {
            trips[i] = await RoundTripAsync(cancellationToken);
        }

        return trips;
    }

    /// <summary>Sends bytes and receives as many.</summary>
    /// <returns>What came back.</returns>
    public async Task<byte[]> EchoAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        var answer = new byte[bytes.Length];
        var receiving = ReceiveAsync(answer, cancellationToken);
        for (var sent = 0; sent < bytes.Length;)
        {
            sent += await _socket.SendAsync(bytes[sent..], cancellationToken);
        }

        await receiving;
        return answer;
    }

    public async ValueTask DisposeAsync()
    {
        _socket.Dispose();
        await _echo.DisposeAsync();
    }

    private async Task ReceiveAsync(Memory<byte> answer, CancellationToken cancellationToken)
    {
        for (var received = 0; received < answer.Length;)
        {
            var read = await _socket.ReceiveAsync(answer[received..], cancellationToken);
            received += read > 0 ? read : throw new IOException("The connection ended.");
        }
    }
}
