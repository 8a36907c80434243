using System.Globalization;
using System.Text.Json;

namespace Meridian.Cluster.Tests.Harness;

/// <summary>What <c>dotnet run --project src/Silo</c> starts: the supervisor, three regions and a front door.</summary>
public sealed class DevInstallation : IAsyncDisposable
{
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false, MaxConnectionsPerServer = 512 }) { Timeout = TimeSpan.FromSeconds(60) };

    private DevInstallation(ChildProcess supervisor, string data, int portsFrom)
    {
        (Supervisor, Data, PortsFrom) = (supervisor, data, portsFrom);
        FrontDoor = new Edge(new Uri($"http://127.0.0.1:{portsFrom}/"), _http);
    }

    public ChildProcess Supervisor { get; }

    public string Data { get; }

    public int PortsFrom { get; }

    public Edge FrontDoor { get; }

    public HttpMessageInvoker Http => _http;

    public string[] Regions { get; private set; } = [];

    public Edge Facade(string region) => new(new Uri($"http://127.0.0.1:{PortsFrom + 1 + Array.IndexOf(Regions, region)}/"), _http);

    public int GatewayPort(string region) => PortsFrom + 100 + (10 * (1 + Array.IndexOf(Regions, region))) + 2;

    /// <summary>Starts the supervisor and waits until its front door sees the models ready in every region.</summary>
    /// <param name="data">Directory for everything the processes keep; stays.</param>
    /// <param name="models">Names to wait for.</param>
    /// <param name="program">What to start.</param>
    /// <param name="arguments">More arguments of the supervisor.</param>
    public static async Task<DevInstallation> StartAsync(string data, string[] models, MeridianProgram? program = null, params string[] arguments)
    {
        var portsFrom = FreePorts.Range(144);
        var supervisor = (program ?? MeridianProgram.Built).Start(
            "supervisor", ["--data", data, "--ports-from", portsFrom.ToString(CultureInfo.InvariantCulture), .. arguments]);
        var installation = new DevInstallation(supervisor, data, portsFrom);
        try
        {
            foreach (var model in models)
            {
                await installation.ServesAsync(model);
            }
        }
        catch
        {
            await installation.DisposeAsync();
            throw;
        }

        return installation;
    }

    /// <summary>Waits until the front door sees the model ready in all regions.</summary>
    public async Task ServesAsync(string model)
    {
        await Eventually.AnswersAsync<RegionReport[]>(
            async token => Supervisor.HasExited
                ? throw new InvalidOperationException($"The supervisor ended. {Supervisor.Tail(60)}")
                : await FrontDoor.RegionsAsync(token) is { Length: 3 } seen && seen.All(r => r.Serves(model)) ? seen : null,
            $"{model} ready in three regions at {FrontDoor.Address}",
            TimeSpan.FromSeconds(150),
            () => Supervisor.Tail(60));
        Regions = Regions.Length > 0 ? Regions : [.. ReadDevJson().Select(r => r.Name)];
    }

    /// <summary>Process id of a region, as the supervisor's <c>dev.json</c> says now.</summary>
    public int ProcessOf(string region) => ReadDevJson().First(r => r.Name == region).Pid;

    public async ValueTask DisposeAsync()
    {
        if (!Supervisor.HasExited)
        {
            // Not SIGINT: a run under `nohup ... &` ignores it, and so do its children.
            Supervisor.Signal(Signals.Terminate);
            try
            {
                await Supervisor.ExitAsync(TimeSpan.FromSeconds(20));
            }
            catch (TimeoutException)
            {
                // Killed with its family below.
            }
        }

        await Supervisor.DisposeAsync();
        _http.Dispose();
    }

    private (string Name, int Pid)[] ReadDevJson()
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(Data, "dev.json")));
        return [.. document.RootElement.GetProperty("regions").EnumerateArray().Select(r => (r.GetProperty("name").GetString()!, r.GetProperty("pid").GetInt32()))];
    }
}
