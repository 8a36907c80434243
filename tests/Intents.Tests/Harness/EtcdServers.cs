using System.Globalization;
using Meridian.Cluster.Tests.Harness;

namespace Meridian.Intents.Tests.Harness;

/// <summary>An etcd cluster of its own: Debian's etcd-server as child processes on free ports, each with its directory.</summary>
public sealed class EtcdServers : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(30);

    private readonly string _program;
    private readonly string _directory;
    private readonly string[] _arguments;
    private readonly int _firstPort;
    private readonly ChildProcess?[] _processes;

    private EtcdServers(string program, string directory, int count, string[] arguments)
    {
        _program = program;
        _directory = directory;
        _arguments = arguments;
        _firstPort = FreePorts.Range(2 * count);
        _processes = new ChildProcess?[count];
    }

    public int Count => _processes.Length;

    public IEnumerable<string> Endpoints => Enumerable.Range(0, Count).Select(Endpoint);

    /// <param name="arguments">Besides those that every server has; default: limits raised to what the log asks for.</param>
    public static async Task<EtcdServers> StartAsync(string directory, int count, params string[] arguments)
    {
        Assert.SkipUnless(TestTools.TryEtcd(out var program, out var reason), reason);
        var servers = new EtcdServers(program, directory, count, arguments is [] ? ["--max-txn-ops", "512", "--max-request-bytes", "8388608"] : arguments);
        try
        {
            await servers.StartAllAsync();
            return servers;
        }
        catch
        {
            await servers.DisposeAsync();
            throw;
        }
    }

    public string Endpoint(int server) => Url(_firstPort + server);

    public ChildProcess Process(int server) => _processes[server] ?? throw new InvalidOperationException($"etcd {server} is not running.");

    public bool IsRunning(int server) => _processes[server] is { HasExited: false };

    /// <summary>Starts a server without waiting for it: one that has no majority yet does not serve.</summary>
    public void Start(int server)
    {
        var name = Name(server);
        _processes[server] = ChildProcess.Start(
            name,
            _program,
            [
                "--name", name, "--data-dir", Folder(server), "--logger", "zap",
                "--listen-client-urls", Endpoint(server), "--advertise-client-urls", Endpoint(server),
                "--listen-peer-urls", Peer(server), "--initial-advertise-peer-urls", Peer(server),
                "--initial-cluster", string.Join(',', Enumerable.Range(0, Count).Select(s => $"{Name(s)}={Peer(s)}")),
                "--initial-cluster-state", "new", "--initial-cluster-token", Path.GetFileName(_directory),
                .. _arguments,
            ]);
    }

    public Task ReadyAsync(int server) =>
        Process(server).LineAsync(line => line.Contains("serving client traffic", StringComparison.Ordinal), "that it serves", StartLimit);

    public async Task StartAllAsync()
    {
        for (var server = 0; server < Count; server++)
        {
            if (!IsRunning(server))
                Start(server);
        }

        for (var server = 0; server < Count; server++)
            await ReadyAsync(server);
    }

    /// <summary>kill -9.</summary>
    public async Task KillAsync(int server)
    {
        if (_processes[server] is { } process)
        {
            await process.KillAsync();
            await process.DisposeAsync();
            _processes[server] = null;
        }
    }

    /// <summary>Takes away what a server has on disk; it must not be running.</summary>
    public void Erase(int server) => Directory.Delete(Folder(server), recursive: true);

    /// <summary>Keeps a copy of what a server has on disk; it must not be running.</summary>
    public void Copy(int server, string to) => CopyAll(Folder(server), to);

    /// <summary>Gives a server what it had on disk.</summary>
    public void PutBack(int server, string from) => CopyAll(from, Folder(server));

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _processes)
        {
            if (process is not null)
                await process.DisposeAsync();
        }
    }

    private static void CopyAll(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }

        // etcd insists that nobody else may look into it.
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(to, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private string Folder(int server) => Path.Combine(_directory, Name(server));

    private static string Name(int server) => string.Create(CultureInfo.InvariantCulture, $"etcd{server}");

    private string Peer(int server) => Url(_firstPort + Count + server);

    private static string Url(int port) => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}");
}
