using System.Globalization;
using Meridian.Intents;
using Meridian.Intents.Records;
using Meridian.Silo.CommandLine;
using Meridian.Silo.Configuration;
using Meridian.Silo.Configuration.Reading;
using Meridian.Silo.Hosting;
using Meridian.Silo.Processes;
using Meridian.Silo.Tests.Processes;
using MessagePack;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Meridian.Silo.Tests.CommandLine;

/// <summary>Two regions and a third vote: the product's own hosts.</summary>
[Collection(SiloProcess.Collection)]
public sealed class WitnessTests : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly string _data = Directory.CreateTempSubdirectory("meridian-silo-").FullName;
    private readonly string _file;
    private readonly string[] _shared;
    private readonly List<IHost> _running = [];

    public WitnessTests()
    {
        var ports = SiloProcess.FreePorts();
        _file = Path.Combine(_data, "settings.json");
        File.WriteAllText(_file, string.Create(
            CultureInfo.InvariantCulture,
            $$"""
            { "Meridian": {
                "Regions": [ { "Name": "north", "Jurisdiction": "eu" }, { "Name": "south", "Jurisdiction": "eu" } ],
                "Models": [ { "Name": "minilm" } ],
                "Intent": { "Witnesses": [ { "Name": "arbiter", "Consensus": "127.0.0.1:{{ports + PortPlan.Span - 1}}", "Control": "http://127.0.0.1:{{ports + PortPlan.Span - 2}}" } ] } } }
            """));
        _shared =
        [
            $"--Meridian:Data={_data}", string.Create(CultureInfo.InvariantCulture, $"--Meridian:PortsFrom={ports}"), "--Meridian:Models:0:Source=", "--Logging:LogLevel:Meridian=Error",
            "--Meridian:Intent:LowerElectionTimeoutMs=300", "--Meridian:Intent:UpperElectionTimeoutMs=600",
        ];
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Of_two_regions_and_a_witness_either_region_may_be_lost_and_the_witness_never_leads(bool first)
    {
        var north = await RegionAsync("north");
        var south = await RegionAsync("south");
        var witness = await RunAsync(WitnessHost.Build(Configuration("--Meridian:Intent:Witness=arbiter")));
        await ChangeAsync(north, "together");

        var (lost, left) = first ? (north, south) : (south, north);
        _running.Remove(lost);
        await lost.StopAsync();
        await ((IAsyncDisposable)lost).DisposeAsync();

        await ChangeAsync(left, "alone");
        var status = Log(left).Status;
        Assert.Equal(first ? "south" : "north", status.Leader);
        Assert.Equal(["arbiter", "north", "south"], status.Voters.Select(voter => voter.Name).Order(StringComparer.Ordinal));

        // A whole copy: what was acknowledged outlives the other region, too.
        using var limit = new CancellationTokenSource(Limit);
        await Log(witness).ReadAsync(limit.Token);
        Assert.All(["together", "alone"], name => Assert.True(Log(witness).Current.EpochOf(Key(name)) > 0, name));
    }

    [Theory]
    [InlineData("judge", "Meridian:Intent:Witness = 'judge': not one of the configured witnesses (arbiter)")]
    [InlineData(null, "say which witness this is with --name NAME, one of Intent:Witnesses (arbiter)")]
    [InlineData("arbiter", "only a log of kind Raft has witnesses", "--Meridian:Intent:Kind=None")]
    [InlineData("arbiter", "Meridian:Intent:Witnesses:0:Control = 'http://10.0.0.9:8195': only loopback", "--Meridian:Intent:Witnesses:0:Control=http://10.0.0.9:8195")]
    [InlineData("arbiter", "Meridian:Process:ConsensusListen = 'http://10.0.0.9:8194': only loopback", "--Meridian:Process:ConsensusListen=10.0.0.9:8194")]
    public async Task Mistakes_are_told_in_words(string? name, string part, params string[] more)
    {
        await using var output = new StringWriter();
        await using var error = new StringWriter();

        var code = await Commands.RunAsync(["witness", "--config", _file, .. name is null ? Array.Empty<string>() : ["--name", name], .. _shared, .. more], output, error);

        Assert.Equal(ExitCode.Mistake, code);
        Assert.Contains(part, error.ToString(), StringComparison.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var host in _running)
        {
            await host.StopAsync();
            await ((IAsyncDisposable)host).DisposeAsync();
        }

        Directory.Delete(_data, recursive: true);
    }

    private Microsoft.Extensions.Configuration.IConfiguration Configuration(params string[] more) => MeridianConfiguration.Load(_file, [.. _shared, .. more], []);

    private Task<IHost> RegionAsync(string name) => RunAsync(RegionHost.Build(Configuration($"--Meridian:Region={name}", "--Meridian:Process:Roles=control")));

    private async Task<IHost> RunAsync(IHost host)
    {
        _running.Add(host);
        await host.StartAsync();
        return host;
    }

    private static IIntentLog Log(IHost host) => host.Services.GetRequiredService<IIntentLog>();

    private static IntentKey Key(string name) => new(IntentKinds.Tenant, name);

    private static async Task ChangeAsync(IHost host, string name)
    {
        using var limit = new CancellationTokenSource(Limit);
        var outcome = await Log(host).ChangeAsync(new IntentChange { Operation = Guid.NewGuid(), Conditions = [], Writes = [new IntentWrite(Key(name), MessagePackSerializer.Serialize(new TenantRecord()))] }, limit.Token);
        Assert.True(outcome.Made);
    }
}
