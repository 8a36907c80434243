using System.Globalization;
using System.Text.Json;

namespace Meridian.Cluster.Tests.Harness;

/// <summary>
/// Regions and front doors, each a process of its own started by the production commands. They share one settings table, as an installation shares one
/// settings file; a process's own part comes from its command line.
/// </summary>
public sealed class Installation : IAsyncDisposable
{
    private static readonly (string Name, string Jurisdiction)[] Everywhere = [("eastus", "us"), ("westeurope", "eu"), ("southeastasia", "apac")];

    private readonly Dictionary<string, string?> _settings;
    private readonly string[] _regions;
    private readonly Dictionary<string, ChildProcess> _running = [];
    private readonly List<ChildProcess> _ended = [];
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(60) };
    private readonly Dictionary<string, int> _doors = new(StringComparer.Ordinal) { ["front-door"] = 0 };

    /// <param name="data">Directory for everything the processes keep; stays.</param>
    /// <param name="regions">1 to 3.</param>
    /// <param name="settings">More settings, <c>Meridian:...</c> with colons.</param>
    /// <param name="program">What to start.</param>
    public Installation(string data, int regions, IEnumerable<KeyValuePair<string, string>>? settings = null, MeridianProgram? program = null)
    {
        Data = data;
        PortsFrom = FreePorts.Range(144);
        Program = program ?? MeridianProgram.Built;
        _regions = [.. Everywhere.Take(regions).Select(r => r.Name)];
        _settings = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["Meridian:Data"] = data,
            ["Meridian:PortsFrom"] = PortsFrom.ToString(CultureInfo.InvariantCulture),
        };

        for (var i = 0; i < regions; i++)
        {
            _settings[$"Meridian:Regions:{i}:Name"] = Everywhere[i].Name;
            _settings[$"Meridian:Regions:{i}:Jurisdiction"] = Everywhere[i].Jurisdiction;
        }

        foreach (var (key, value) in settings ?? [])
        {
            _settings[key] = value;
        }
    }

    public string Data { get; }

    public int PortsFrom { get; }

    public IReadOnlyList<string> Regions => _regions;

    /// <value>What the next process runs.</value>
    public MeridianProgram Program { get; set; }

    public ChildProcess this[string name] => _running[name];

    /// <summary>Whether a process of that name was started and has not been stopped or killed.</summary>
    public bool IsRunning(string name) => _running.TryGetValue(name, out var process) && !process.HasExited;

    /// <value>Every line that any process of the installation has printed, the ended ones included.</value>
    public IEnumerable<string> AllLines => _ended.Concat(_running.Values).SelectMany(p => p.Lines.Select(line => $"{p.Name}: {line}"));

    public Edge Facade(string region) => new(new Uri($"http://127.0.0.1:{PortsFrom + 1 + Array.IndexOf(_regions, region)}/"), _http);

    /// <value>Orleans gateway of the first silo of a region.</value>
    public int GatewayPort(string region) => PortsFrom + 100 + (10 * (1 + Array.IndexOf(_regions, region))) + 2;

    /// <summary>Directory of a region's installed models.</summary>
    public string ModelStore(string region) => Path.Combine(Data, region, "models");

    /// <summary>Starts a whole region (or starts it again).</summary>
    public ChildProcess StartRegion(string region, params (string Key, string Value)[] settings) =>
        Start(region, ["region", "--name", region], settings);

    /// <summary>Starts a process of a region that has some of the roles, on ports of its own.</summary>
    public ChildProcess StartPart(string region, string name, string roles, params (string Key, string Value)[] settings)
    {
        var ports = FreePorts.Range(5);
        return Start(
            name,
            ["region", "--name", region, "--roles", roles],
            [
                ("Meridian:Process:SiloPort", ports.ToString(CultureInfo.InvariantCulture)),
                ("Meridian:Process:GatewayPort", (ports + 1).ToString(CultureInfo.InvariantCulture)),
                ("Meridian:Process:FacadeUrl", $"http://127.0.0.1:{ports + 2}"),
                ("Meridian:Process:ProtocolUrl", $"http://127.0.0.1:{ports + 3}"),
                .. settings,
            ]);
    }

    /// <summary>Starts a front door, again where it was; the first one gets the plan's port.</summary>
    public (ChildProcess Process, Edge Edge) StartFrontDoor(string name = "front-door", params (string Key, string Value)[] settings)
    {
        if (!_doors.TryGetValue(name, out var offset))
        {
            _doors[name] = offset = 59 + _doors.Count;
        }

        var port = PortsFrom + offset;
        var process = Start(
            name,
            ["front-door"],
            [("Meridian:FrontDoor:Name", name), ("Meridian:FrontDoor:Url", $"http://127.0.0.1:{port}"), .. settings]);
        return (process, new Edge(new Uri($"http://127.0.0.1:{port}/"), _http));
    }

    /// <summary>Runs a command of the product on the installation's settings.</summary>
    public ChildProcess Command(string name, params string[] command)
    {
        var process = Program.Start(name, [.. command, "--config", SettingsFile()]);
        _ended.Add(process);
        return process;
    }

    /// <summary>Waits until an edge says that it serves.</summary>
    public Task ReadyAsync(Edge edge, TimeSpan? limit = null) =>
        Eventually.HoldsAsync(edge.IsReadyAsync, $"{edge.Address}readyz", limit ?? TimeSpan.FromSeconds(40), Tails);

    /// <summary>Waits until an edge sees the model ready in all of the regions.</summary>
    public Task SeesAsync(Edge edge, string model, params string[] regions) => Eventually.HoldsAsync(
        async token => (await edge.RegionsAsync(token)) is var seen && regions.All(name => seen.Any(r => r.Name == name && r.Serves(model))),
        $"{edge.Address} to see {model} ready in {string.Join(", ", regions)}",
        TimeSpan.FromSeconds(150),
        Tails);

    /// <summary>kill -9.</summary>
    public async Task KillAsync(string name)
    {
        var process = _running[name];
        await process.KillAsync();
        _running.Remove(name);
        _ended.Add(process);
    }

    /// <summary>SIGTERM, and waits for the end. A process that was started under <c>nohup ... &amp;</c> ignores Ctrl-C, and hands that down.</summary>
    public async Task TerminateAsync(string name, TimeSpan limit)
    {
        var process = _running[name];
        process.Signal(Signals.Terminate);
        await process.ExitAsync(limit);
        _running.Remove(name);
        _ended.Add(process);
    }

    public string Tails() => string.Join(Environment.NewLine, _running.Values.Concat(_ended).Select(p => p.Tail(15)));

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _running.Values.Concat(_ended))
        {
            await process.DisposeAsync();
        }

        _http.Dispose();
    }

    private ChildProcess Start(string name, string[] command, (string Key, string Value)[] settings)
    {
        var environment = settings.Select(setting => KeyValuePair.Create(setting.Key.Replace(":", "__", StringComparison.Ordinal), (string?)setting.Value));
        return _running[name] = Program.Start(name, [.. command, "--config", SettingsFile()], environment);
    }

    private string SettingsFile()
    {
        // The shared settings are a file because only a file replaces the default lists of regions and models; a process's own part goes over it.
        var file = Path.Combine(Data, $"settings-{PortsFrom}.json");
        File.WriteAllText(file, JsonSerializer.Serialize(_settings));
        return file;
    }
}
