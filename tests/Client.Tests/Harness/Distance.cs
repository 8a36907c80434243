using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Meridian.Client.Tests.Harness;

/// <summary>
/// The network between the client and a region: a relay on a port of its own that can add travel time, reset every connection and refuse new ones (the process was killed),
/// swallow bytes while connections stay open (the link was cut), and lead to another process (it restarted).
/// </summary>
internal sealed class Distance : IAsyncDisposable
{
    private readonly ConcurrentDictionary<Socket, byte> _sockets = new();
    private readonly CancellationTokenSource _closed = new();
    private readonly List<Task> _pumps = [];
    private TcpListener _listener;
    private bool _killed;
    private volatile TaskCompletionSource _open = Completed();

    public Distance()
    {
        _listener = Listen(0);
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _ = AcceptAsync(_listener);
    }

    /// <value>Port that the client dials.</value>
    public int Port { get; }

    public string Gateway => $"127.0.0.1:{Port}";

    /// <value>Port behind it.</value>
    public int Target { get; set; }

    /// <value>Travel time of each direction.</value>
    public TimeSpan Delay { get; set; }

    /// <summary>Resets all connections and refuses new ones, as the kernel does for a process that was killed.</summary>
    public void Kill()
    {
        _killed = true;
        _listener.Stop();
        Reset();
    }

    /// <summary>Takes connections again; nothing if it does.</summary>
    public void Revive()
    {
        if (!_killed)
            return;
        _killed = false;
        _listener = Listen(Port);
        _ = AcceptAsync(_listener);
    }

    /// <summary>Resets all connections; new ones are taken.</summary>
    public void Reset()
    {
        foreach (var socket in _sockets.Keys)
        {
            try
            {
                socket.LingerState = new LingerOption(true, 0);
            }
            catch (Exception e) when (e is ObjectDisposedException or SocketException)
            {
                // The other end closed it just now.
            }

            socket.Dispose();
        }
    }

    /// <summary>Nothing passes any more, nothing closes.</summary>
    public void Freeze() => _open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Thaw() => _open.TrySetResult();

    public async ValueTask DisposeAsync()
    {
        _closed.Cancel();
        Thaw();
        Kill();
        Task[] pumps;
        lock (_pumps)
            pumps = [.. _pumps];
        await Task.WhenAll(pumps);
        _closed.Dispose();
    }

    private static TaskCompletionSource Completed()
    {
        var completed = new TaskCompletionSource();
        completed.SetResult();
        return completed;
    }

    private static TcpListener Listen(int port)
    {
        var listener = new TcpListener(IPAddress.Loopback, port);
        listener.Start();
        return listener;
    }

    private async Task AcceptAsync(TcpListener listener)
    {
        try
        {
            while (true)
            {
                var near = await listener.AcceptSocketAsync();
                var pump = RelayAsync(near);
                lock (_pumps)
                    _pumps.Add(pump);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // Stopped.
        }
    }

    private async Task RelayAsync(Socket near)
    {
        var far = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        near.NoDelay = true;
        _sockets[near] = 0;
        try
        {
            await far.ConnectAsync(new IPEndPoint(IPAddress.Loopback, Target), _closed.Token);
            _sockets[far] = 0;
            await Task.WhenAny(PumpAsync(near, far), PumpAsync(far, near));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // Nobody listens behind, or the test is over.
        }
        finally
        {
            _sockets.TryRemove(near, out _);
            _sockets.TryRemove(far, out _);
            near.Dispose();
            far.Dispose();
        }
    }

    private async Task PumpAsync(Socket from, Socket to)
    {
        var buffer = new byte[65536];
        try
        {
            while (true)
            {
                var read = await from.ReceiveAsync(buffer, _closed.Token);
                if (read == 0)
                    return;
                if (Delay > TimeSpan.Zero)
                    await Task.Delay(Delay, _closed.Token);
                await _open.Task.WaitAsync(_closed.Token);
                for (var sent = 0; sent < read;)
                    sent += await to.SendAsync(buffer.AsMemory(sent, read - sent), _closed.Token);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // Reset, or the test is over.
        }
    }
}
