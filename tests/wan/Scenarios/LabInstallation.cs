using System.Globalization;
using System.Text.Json;
using Meridian.Cluster.Tests.Harness;
using Meridian.Inference.Decoders.Contract;
using Meridian.ModelTools.Llama;
using Meridian.Onnx;
using Meridian.Wan.Lab;

namespace Meridian.Wan.Scenarios;

/// <summary>
/// The real executable in a lab: three regions and two front doors, each in a site of its own, as far from each other as those cloud regions are. One embedding
/// model and one decoder with random weights are served everywhere.
/// </summary>
internal sealed class LabInstallation : IAsyncDisposable
{
    public const string Embedding = "minilm";
    public const string Generation = "made";

    private const int FacadePort = 8081;
    private const int ProtocolPort = 8190;
    private const int ConsensusPort = 8194;
    private const int ControlPort = 8195;
    private const int FrontDoorPort = 8080;
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(180);
    private static readonly (string Name, string Jurisdiction)[] Everywhere = [("eastus", "us"), ("westeurope", "eu"), ("southeastasia", "apac")];

    private readonly LabFolder _folder = new();
    private readonly Dictionary<string, ChildProcess> _running = [];
    private readonly Dictionary<string, HttpClient> _callers = [];
    private readonly string _settings;
    private readonly SmallDisk? _disk;
    private readonly SteppedClock? _clock;
    private readonly string? _victim;

    /// <param name="scenario">What its victim needs; null for nothing.</param>
    /// <param name="layers">Layers of the decoder.</param>
    /// <param name="hidden">Width of its layers, a multiple of 64.</param>
    public LabInstallation(Scenario? scenario = null, int layers = 4, int hidden = 256)
    {
        foreach (var site in Regions.Concat(FrontDoors))
        {
            Lab.AddSite(site);
        }

        RegionPairs.Apply(Lab);
        var model = Path.Combine(_folder.Path, "made-model");
        LlamaFolder.Make(
            model,
            LlamaFolder.Configure(layers, hidden, heads: 8, kvHeads: 4, intermediate: hidden * 11 / 4, vocabulary: 4096, context: 4096),
            seed: 1,
            KvLayout.Shared,
            OnnxType.Float);
        var settings = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["Meridian:Data"] = Path.Combine(_folder.Path, "data"),
            ["Meridian:Process:AllowPlainNetwork"] = "true",
            ["Meridian:Models:0:Name"] = Embedding,
            ["Meridian:Models:0:Source"] = "minilm",
            ["Meridian:Models:1:Name"] = Generation,
            ["Meridian:Models:1:Source"] = model,
            ["Meridian:Models:1:Kind"] = "generation",
        };
        for (var i = 0; i < Everywhere.Length; i++)
        {
            var (name, jurisdiction) = Everywhere[i];
            settings[$"Meridian:Regions:{i}:Name"] = name;
            settings[$"Meridian:Regions:{i}:Jurisdiction"] = jurisdiction;
            settings[$"Meridian:Regions:{i}:Facade"] = Lab[name].Url(FacadePort).ToString();
            settings[$"Meridian:Regions:{i}:Protocol"] = Lab[name].Url(ProtocolPort).ToString();
            settings[$"Meridian:Regions:{i}:Consensus"] = Lab[name].Url(ConsensusPort).Authority;
            settings[$"Meridian:Regions:{i}:Control"] = Lab[name].Url(ControlPort).ToString();
        }

        _settings = Path.Combine(_folder.Path, "settings.json");
        File.WriteAllText(_settings, JsonSerializer.Serialize(settings));
        _victim = scenario?.Victim;
        if (scenario?.SmallDisk is { } folder)
        {
            _disk = new SmallDisk(Path.Combine(_folder.Path, "data", scenario.Victim, folder), 48);
        }

        if (scenario is { Clock: true })
        {
            _clock = new SteppedClock(Path.Combine(_folder.Path, "clock"));
        }
    }

    public static IReadOnlyList<string> Regions { get; } = [.. Everywhere.Select(region => region.Name)];

    public static IReadOnlyList<string> FrontDoors { get; } = ["uksouth", "centralus"];

    /// <value>Where callers are: at both front doors, and at the facade of a region.</value>
    public static IReadOnlyList<string> CallerSites { get; } = [.. FrontDoors, "southeastasia"];

    public WanLab Lab { get; } = new();

    public SmallDisk Disk => _disk ?? throw new InvalidOperationException("This installation has no small disk.");

    public SteppedClock Clock => _clock ?? throw new InvalidOperationException("No clock of this installation can be set.");

    public ChildProcess this[string site] => _running[site];

    /// <summary>The edge of a site: its front door, or its region's facade.</summary>
    public Uri EdgeOf(string site) => Lab[site].Url(Regions.Contains(site) ? FacadePort : FrontDoorPort);

    /// <summary>A caller in a site, without a time limit of its own.</summary>
    public HttpClient CallerIn(string site)
    {
        if (!_callers.TryGetValue(site, out var caller))
        {
            caller = _callers[site] = new HttpClient(Lab[site].CreateHttpHandler()) { Timeout = Timeout.InfiniteTimeSpan };
        }

        return caller;
    }

    /// <summary>Starts everything and waits until every edge sees both models ready in every region.</summary>
    public async Task StartAsync()
    {
        foreach (var site in Regions.Concat(FrontDoors))
        {
            Start(site);
        }

        foreach (var site in Regions.Concat(FrontDoors))
        {
            await SeesAsync(site, Regions);
        }
    }

    /// <summary>Starts the process of a site, or starts it again.</summary>
    public void Start(string site)
    {
        string[] command = Regions.Contains(site) ? ["region", "--name", site] : ["front-door", "--name", site, "--urls", EdgeOf(site).ToString()];
        _running[site] = Lab[site].Start(MeridianProgram.Built, site, [.. command, "--config", _settings], site == _victim ? _clock?.Environment : null);
    }

    /// <summary>Waits until the edge of a site sees both models ready in regions.</summary>
    public Task SeesAsync(string site, IReadOnlyList<string> regions) => Eventually.HoldsAsync(
        async token => await new Edge(EdgeOf(site), CallerIn(site)).RegionsAsync(token) is var seen
            && regions.All(name => seen.Any(region => region.Name == name && region.Serves(Embedding) && region.Serves(Generation))),
        string.Create(CultureInfo.InvariantCulture, $"the edge in {site} to see both models ready in {string.Join(", ", regions)}"),
        StartLimit,
        () => string.Join(Environment.NewLine, _running.Values.Select(process => process.Tail(12))));

    public async ValueTask DisposeAsync()
    {
        foreach (var caller in _callers.Values)
        {
            caller.Dispose();
        }

        await Lab.DisposeAsync();
        _disk?.Dispose();
        _clock?.Dispose();
        _folder.Dispose();
    }
}
