using System.Globalization;
using Meridian.Cluster.Tests.Harness;

namespace Meridian.Intents.Tests.Chaos;

/// <summary>Three nodes of one log as processes, each in a site: with embedded Raft they vote themselves, with etcd a server stands beside each.</summary>
public sealed class ChaosCluster : IAsyncDisposable
{
    public const int Sites = 3;

    private static readonly TimeSpan ReadyLimit = TimeSpan.FromSeconds(60);

    private ChaosCluster(INetwork network, List<ChaosProcess> processes, NodeClient[] nodes) => (Network, Processes, Nodes) = (network, processes, nodes);

    public INetwork Network { get; }

    /// <value>All that can be killed.</value>
    public IReadOnlyList<ChaosProcess> Processes { get; }

    /// <value>By site.</value>
    public NodeClient[] Nodes { get; }

    public IEnumerable<ChaosProcess> Voters => Processes.Where(process => process.Votes);

    public static ChaosCluster Raft(INetwork network, TemporaryDirectory directory)
    {
        var first = FreePorts.Range(3 * Sites);
        var voters = string.Join(',', Enumerable.Range(0, Sites).Select(site => $"{Node(site)}={network.Host(site)}:{first + site}=http://{network.Host(site)}:{first + Sites + site}"));
        return Create(network, directory, [], first + 2 * Sites, first + Sites, votes: true, ["--kind", "raft", "--voters", voters, "--snapshot-every", "64"]);
    }

    /// <remarks>
    /// etcd counts time in heartbeats: with the usual 100 ms its members draw their election time-out out of ten values, and one election in ten is a draw that has to be repeated
    /// (four draws in a row took 7.3 s). With 20 ms they draw out of fifty.
    /// </remarks>
    /// <param name="etcd">Path of the server's program.</param>
    public static ChaosCluster Etcd(INetwork network, TemporaryDirectory directory, string etcd)
    {
        var first = FreePorts.Range(4 * Sites);
        var cluster = string.Join(',', Enumerable.Range(0, Sites).Select(site => $"etcd{site}={Url(site, first + site)}"));
        List<ChaosProcess> servers = [.. Enumerable.Range(0, Sites).Select(site => new ChaosProcess($"etcd{site}", site, votes: true, () => network.Start(site, $"etcd{site}", etcd,
        [
            "--name", $"etcd{site}", "--data-dir", Path.Combine(directory.Path, $"etcd{site}"), "--logger", "zap",
            "--listen-client-urls", Client(site), "--advertise-client-urls", Client(site), "--listen-peer-urls", Url(site, first + site), "--initial-advertise-peer-urls", Url(site, first + site),
            "--initial-cluster", cluster, "--initial-cluster-state", "new", "--initial-cluster-token", Path.GetFileName(directory.Path),
            "--heartbeat-interval", "20", "--election-timeout", "1000", "--pre-vote",
        ])))];
        return Create(network, directory, servers, first + 2 * Sites, first + 3 * Sites, votes: false, ["--kind", "etcd"], site =>
            ["--endpoints", string.Join(',', Enumerable.Range(site, Sites).Select(other => Client(other % Sites)))]);

        string Client(int site) => Url(site, first + Sites + site);

        string Url(int site, int port) => string.Create(CultureInfo.InvariantCulture, $"http://{network.Host(site)}:{port}");
    }

    /// <summary>Starts what is not running, thaws what is frozen, and completes when every node reads.</summary>
    public async Task StartAllAsync(IEnumerable<ChaosProcess>? order = null)
    {
        foreach (var process in order ?? Processes)
        {
            process.Thaw();
            process.Start();
        }

        foreach (var node in Nodes)
        {
            await Eventually.HoldsAsync(async _ => (await node.ReadAsync(TimeSpan.FromSeconds(4)))?.Answered == true, $"{node.Name} to read from a majority", ReadyLimit);
        }
    }

    /// <summary>The process that leads, or null while none is known.</summary>
    public async Task<ChaosProcess?> LeaderAsync()
    {
        foreach (var node in Nodes)
        {
            if (await node.StatusAsync() is { CanChange: true, Leader: { } leader } && Processes.FirstOrDefault(process => process.Name == leader && process.IsRunning) is { } found)
                return found;
        }

        return null;
    }

    public string Tails() => string.Join(Environment.NewLine, Processes.Select(process => process.Tail));

    public async ValueTask DisposeAsync()
    {
        foreach (var process in Processes)
            await process.DisposeAsync();
        foreach (var node in Nodes)
            node.Dispose();
        await Network.DisposeAsync();
    }

    private static ChaosCluster Create(
        INetwork network, TemporaryDirectory directory, List<ChaosProcess> servers, int control, int protocol, bool votes, string[] arguments, Func<int, string[]>? own = null)
    {
        var program = new[] { Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") is { Length: > 0 } host ? host : "dotnet", Path.Combine(AppContext.BaseDirectory, "Meridian.IntentNode.dll") };
        var nodes = Enumerable.Range(0, Sites).Select(site => new ChaosProcess(Node(site), site, votes, () => network.Start(site, Node(site), program[0],
        [
            program[1], "--self", Node(site), "--directory", Path.Combine(directory.Path, Node(site)), "--host", network.Host(site),
            "--control", Text(control + site), "--protocol", Text(protocol + site), .. arguments, .. own?.Invoke(site) ?? [],
        ])));
        var clients = Enumerable.Range(0, Sites).Select(site =>
            new NodeClient(Node(site), new Uri($"http://{network.Host(site)}:{Text(control + site)}"), network.CreateHandler())).ToArray();
        return new ChaosCluster(network, [.. servers, .. nodes], clients);

        static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
    }

    private static string Node(int site) => string.Create(CultureInfo.InvariantCulture, $"node{site}");
}
