using System.Net;
using System.Net.Sockets;
using Meridian.Cluster.Tests.Harness;

namespace Meridian.Wan.Lab;

/// <summary>A place with a network of its own: its loopback is private, and whatever else it reaches, it reaches through the lab's links.</summary>
public sealed class WanSite : IAsyncDisposable
{
    /// <value>The program that enters a network (util-linux).</value>
    internal const string Nsenter = "/usr/bin/nsenter";

    private readonly NetworkNamespace _network;
    private readonly List<ChildProcess> _processes = [];

    internal WanSite(string name, int number, NetworkNamespace network)
    {
        (Name, Number, _network) = (name, number, network);
        Address = new IPAddress([10, 77, (byte)number, 1]);
    }

    public string Name { get; }

    /// <value>From 1; the third byte of its addresses.</value>
    public int Number { get; }

    /// <value>10.77.NUMBER.1.</value>
    public IPAddress Address { get; }

    /// <value>The kernel's name of its network, as <c>/proc/PID/ns/net</c> shows it.</value>
    public string NetworkId => _network.Id;

    /// <value>What comes before a command line to run it here, in any shell of this machine; it becomes the command, with its process id.</value>
    public string[] Enter => [Nsenter, $"--net={_network.Path}", "--"];

    /// <value>Every process that was started here.</value>
    public IReadOnlyList<ChildProcess> Processes => _processes;

    public Uri Url(int port) => new($"http://{Address}:{port}/");

    /// <summary>Starts a process here; it is killed with the lab.</summary>
    /// <inheritdoc cref="ChildProcess.Start"/>
    public ChildProcess Start(
        string name,
        string program,
        IEnumerable<string> arguments,
        IEnumerable<KeyValuePair<string, string?>>? environment = null,
        string? workingDirectory = null)
    {
        var process = ChildProcess.Start(name, Enter[0], [.. Enter[1..], program, .. arguments], environment, workingDirectory);
        _processes.Add(process);
        return process;
    }

    /// <summary>Starts the product here.</summary>
    /// <inheritdoc cref="MeridianProgram.Start"/>
    public ChildProcess Start(MeridianProgram program, string name, IEnumerable<string> arguments, IEnumerable<KeyValuePair<string, string?>>? settings = null)
    {
        ArgumentNullException.ThrowIfNull(program);
        var process = new MeridianProgram(Enter[0], [.. Enter[1..], program.Program, .. program.Prefix]).Start(name, arguments, settings);
        _processes.Add(process);
        return process;
    }

    /// <summary>A socket of this site, for TCP; whoever uses it speaks from here.</summary>
    public Socket CreateSocket()
    {
        var socket = Create(Libc.Stream);
        socket.NoDelay = true;
        return socket;
    }

    /// <summary>A socket of this site, for UDP.</summary>
    public Socket CreateDatagramSocket() => Create(Libc.Datagram);

    /// <summary>Connects from here.</summary>
    /// <exception cref="SocketException">Refused, or reset.</exception>
    /// <exception cref="OperationCanceledException">Not within the caller's time: what a cut link does.</exception>
    public async Task<Socket> ConnectAsync(EndPoint to, CancellationToken cancellationToken)
    {
        var socket = CreateSocket();
        try
        {
            await socket.ConnectAsync(to, cancellationToken);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Listens here.</summary>
    /// <param name="port">0: any.</param>
    public Socket Listen(int port = 0)
    {
        var socket = CreateSocket();
        socket.Bind(new IPEndPoint(IPAddress.Any, port));
        socket.Listen(512);
        return socket;
    }

    /// <summary>HTTP as a caller in this site speaks it.</summary>
    public SocketsHttpHandler CreateHttpHandler() => new()
    {
        UseProxy = false,
        ConnectCallback = async (context, token) => new NetworkStream(await ConnectAsync(context.DnsEndPoint, token), ownsSocket: true),
    };

    /// <summary>Looks at every packet that enters or leaves this site.</summary>
    /// <param name="wanted">What is counted: a byte string, found across packets of one direction of one connection as well.</param>
    public PacketCapture Capture(ReadOnlyMemory<byte> wanted) =>
        wanted.IsEmpty ? throw new ArgumentException("Nothing to look for.", nameof(wanted)) : new PacketCapture(Name, _network.Run(PacketCapture.OpenSocket), wanted);

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _processes)
        {
            await process.DisposeAsync();
        }

        _network.Dispose();
    }

    private Socket Create(int type)
    {
        var descriptor = _network.Run(() =>
        {
            var made = Libc.Socket(Libc.InterNetwork, type | Libc.CloseOnExec, 0);
            Libc.Check(made, "socket");
            return made;
        });
        return new Socket(new SafeSocketHandle(descriptor, ownsHandle: true));
    }
}
