using System.Net;
using System.Net.Sockets;

namespace Meridian.Intents.Tests.Quorum.Members;

/// <summary>
/// Stands before a member's consensus port. While it holds, the member is as good as frozen to those who call it: connections are taken and bytes are read, as the kernel does for a
/// frozen process, and nothing is passed on. What came is then handed over connection by connection, in the order that the test wants.
/// </summary>
internal sealed class HoldingRelay : IAsyncDisposable
{
    private readonly TcpListener _listener;
    private readonly IPEndPoint _target;
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private readonly List<HeldConnection> _held = [];
    private readonly List<Task> _tasks = [];
    private CancellationTokenSource _open = new();
    private bool _holds;

    public HoldingRelay(int port, int target)
    {
        _target = new IPEndPoint(IPAddress.Loopback, target);
        _listener = new TcpListener(IPAddress.Loopback, port);
        _listener.Start();
        _tasks.Add(AcceptAsync());
    }

    /// <value>What has come while it held, oldest connection first.</value>
    public IReadOnlyList<HeldConnection> Held
    {
        get
        {
            lock (_gate)
                return [.. _held];
        }
    }

    /// <summary>Breaks what is open and holds what comes.</summary>
    public void Hold()
    {
        lock (_gate)
        {
            _holds = true;
            _open.Cancel();
        }
    }

    /// <summary>Passes on what comes from now on; what was held is lost.</summary>
    public void Release()
    {
        lock (_gate)
        {
            _holds = false;
            _open = new CancellationTokenSource();
            foreach (var held in _held)
                held.Close();
        }
    }

    /// <summary>Hands everything over that came on a connection, takes the member's answer, and passes it back where the caller still waits for it.</summary>
    public async Task DeliverAsync(HeldConnection held)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(_target, _stop.Token);
        var stream = client.GetStream();
        await stream.WriteAsync(held.Bytes, _stop.Token);
        var answer = new byte[256];
        var count = await stream.ReadAsync(answer, _stop.Token);
        Assert.True(count > 0, "The member gave the connection up without an answer.");
        await held.AnswerAsync(answer.AsMemory(0, count));
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        Release();
        await _open.CancelAsync();
        Task[] tasks;
        lock (_gate)
            tasks = [.. _tasks];
        await Task.WhenAll(tasks);
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            TcpClient client;
            try
            {
                client = await _listener.AcceptTcpClientAsync(_stop.Token);
            }
            catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return;
            }

            lock (_gate)
            {
                if (_holds)
                {
                    var held = new HeldConnection(client);
                    _held.Add(held);
                    _tasks.Add(held.ReadAsync(_stop.Token));
                }
                else
                {
                    _tasks.Add(PassAsync(client, _open.Token));
                }
            }
        }
    }

    private async Task PassAsync(TcpClient client, CancellationToken open)
    {
        using (client)
        using (var target = new TcpClient())
        using (var ends = CancellationTokenSource.CreateLinkedTokenSource(open, _stop.Token))
        {
            try
            {
                await target.ConnectAsync(_target, ends.Token);
                var there = client.GetStream().CopyToAsync(target.GetStream(), ends.Token);
                var back = target.GetStream().CopyToAsync(client.GetStream(), ends.Token);
                await Task.WhenAny(there, back);
                await ends.CancelAsync();
                await Task.WhenAll(there, back);
            }
            catch (Exception exception) when (exception is OperationCanceledException or SocketException or IOException)
            {
            }
        }
    }

    /// <summary>A connection that nobody answers. The bytes stay when the caller gives it up.</summary>
    internal sealed class HeldConnection(TcpClient client)
    {
        private readonly List<byte> _bytes = [];

        /// <value>Whether the caller has given it up: nothing more comes.</value>
        public bool IsOver { get; private set; }

        public byte[] Bytes
        {
            get
            {
                lock (_bytes)
                    return [.. _bytes];
            }
        }

        public void Close() => client.Dispose();

        public async Task AnswerAsync(ReadOnlyMemory<byte> answer)
        {
            if (!IsOver)
                await client.GetStream().WriteAsync(answer);
        }

        public async Task ReadAsync(CancellationToken cancellationToken)
        {
            var buffer = new byte[64 * 1024];
            try
            {
                for (int count; (count = await client.GetStream().ReadAsync(buffer, cancellationToken)) > 0;)
                {
                    lock (_bytes)
                        _bytes.AddRange(buffer.AsSpan(0, count));
                }
            }
            catch (Exception exception) when (exception is OperationCanceledException or IOException or ObjectDisposedException or InvalidOperationException)
            {
            }

            IsOver = true;
        }
    }
}
