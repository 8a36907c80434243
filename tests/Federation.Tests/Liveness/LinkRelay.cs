using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;

namespace Meridian.Federation.Tests.Liveness;

/// <summary>
/// A TCP link in one process: takes connections on a port of its own, opens one to the target for each, and passes bytes on. It can hold back each direction (a cut of which neither
/// kernel learns anything) and delay what it passes on by a random time, in order, as TCP over a line with jitter does. Counts what it passes on.
/// </summary>
internal sealed class LinkRelay : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly IPEndPoint _target;
    private readonly Func<TimeSpan> _delay;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _accepting;
    private long _toTarget;
    private long _fromTarget;

    /// <param name="delay">Delay of the next piece of bytes; null for none. Called from several threads.</param>
    public LinkRelay(Uri target, Func<TimeSpan>? delay = null)
    {
        _target = new IPEndPoint(IPAddress.Loopback, target.Port);
        _delay = delay ?? (static () => TimeSpan.Zero);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public Uri Address => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");

    /// <value>Holds back what flows to the target.</value>
    public bool CutToTarget { get; set; }

    /// <value>Holds back what flows from the target.</value>
    public bool CutFromTarget { get; set; }

    public long BytesToTarget => Interlocked.Read(ref _toTarget);

    public long BytesFromTarget => Interlocked.Read(ref _fromTarget);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            var near = await _listener.AcceptTcpClientAsync(_stop.Token);
            _ = RelayAsync(near);
        }
    }

    private async Task RelayAsync(TcpClient near)
    {
        using var far = new TcpClient();
        using (near)
        {
            try
            {
                near.NoDelay = far.NoDelay = true;
                await far.ConnectAsync(_target, _stop.Token);
                using var ends = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
                var ways = new[]
                {
                    PassAsync(near.GetStream(), far.GetStream(), () => CutToTarget, n => Interlocked.Add(ref _toTarget, n), ends.Token),
                    PassAsync(far.GetStream(), near.GetStream(), () => CutFromTarget, n => Interlocked.Add(ref _fromTarget, n), ends.Token),
                };
                await await Task.WhenAny(ways);
                await ends.CancelAsync();
            }
            catch (Exception exception) when (exception is IOException or SocketException or OperationCanceledException)
            {
                // One end went: both do.
            }
        }
    }

    private async Task PassAsync(NetworkStream from, NetworkStream to, Func<bool> cut, Action<int> count, CancellationToken cancellationToken)
    {
        var pieces = Channel.CreateUnbounded<(byte[] Bytes, long Due)>();
        var writing = WriteAsync();
        var buffer = new byte[64 * 1024];
        try
        {
            while (true)
            {
                var read = await from.ReadAsync(buffer, cancellationToken);
                if (read == 0)
                    break;
                pieces.Writer.TryWrite((buffer[..read], TimeProvider.System.GetTimestamp() + (long)(_delay().TotalSeconds * TimeProvider.System.TimestampFrequency)));
            }
        }
        finally
        {
            pieces.Writer.TryComplete();
        }

        await writing;

        async Task WriteAsync()
        {
            await foreach (var (bytes, due) in pieces.Reader.ReadAllAsync(cancellationToken))
            {
                var wait = TimeProvider.System.GetElapsedTime(TimeProvider.System.GetTimestamp(), due);
                if (wait > TimeSpan.Zero)
                    await Task.Delay(wait, cancellationToken);

                // Polled: a cut is a fault that a test sets, and nothing waits for its end but bytes.
                while (cut())
                    await Task.Delay(5, cancellationToken);
                await to.WriteAsync(bytes, cancellationToken);
                count(bytes.Length);
            }
        }
    }
}
