using Meridian.Silo.Configuration;
using Meridian.Silo.Configuration.Reading;

namespace Meridian.Silo.Tests.Configuration;

public sealed class MeridianConfigurationTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("meridian-silo-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Without_any_setting_three_regions_and_the_built_in_models_are_configured()
    {
        var options = Read();

        Assert.Equal(["eastus", "westeurope", "southeastasia"], options.Regions.Select(region => region.Name));
        Assert.Equal(["us", "eu", "apac"], options.Regions.Select(region => region.Jurisdiction));
        Assert.Equal(["minilm", "stories"], options.Models.Select(model => model.Source));
        Assert.Equal(RegionRoles.All, options.Process.Roles);
        Assert.Equal(StoreKind.Garnet, options.Store.Kind);
        Assert.Equal(IntentKind.Raft, options.Intent.Kind);
    }

    [Fact]
    public void All_mistakes_are_reported_at_once_with_path_value_and_rule()
    {
        var mistakes = Mistakes(
            "--Meridian:PortsFrom=abc",
            "--Meridian:Stor:Kind=Redis",
            "--Meridian:Store:Kind=Memcached",
            "--Meridian:Clustering:Kind=AzureStorage",
            "--Meridian:Region=atlantis",
            "--Meridian:Regions:1:Name=eastus",
            "--Meridian:Regions:2:Jurisdiction=",
            "--Meridian:Models:0:Replicas=65",
            "--Meridian:Models:0:Device=tpu:0",
            "--Meridian:Models:0:Regions:0=nowhere",
            "--Meridian:Models:0:Routing=best",
            "--Meridian:Regions:0:Country=Holland",
            "--Meridian:Regions:0:PricePerHour=-1",
            "--Meridian:Routing:Policy=nearst",
            "--Meridian:Routing:NearEqualMs=NaN",
            "--Meridian:Routing:HighWaterMs=0",
            "--Meridian:Routing:LowWaterMs=5",
            "--Meridian:Routing:LowWaterSeconds=-1",
            "--Meridian:Routing:AffinityExtraMs=-1",
            "--Meridian:Routing:AffinityExtraRequests=-1",
            "--Meridian:Routing:AffinityRatio=0.9",
            "--Meridian:Routing:FlexPolicy=cheap",
            "--Meridian:Routing:FlexExtraSeconds=many",
            "--Meridian:Availability:FailureRatio=0",
            "--Meridian:Availability:BreakSeconds=31",
            "--Meridian:Availability:SlowStartFloor=2",
            "--Meridian:Routing:FlexLoad=2",
            "--Meridian:Process:Devices=cpu:0,gpu",
            "--Meridian:Process:SiloPort=70000",
            "--Meridian:ShutdownSeconds=0",
            "--Meridian:StreamDrainSeconds=11",
            "--Meridian:DrainSeconds=0",
            "--Meridian:Gateway:DefaultDeadlineMs=0",
            "--Meridian:Gateway:DefaultGenerationDeadlineMs=600001",
            "--Meridian:Gateway:HeartbeatMs=99",
            "--Meridian:Gateway:MaxRequestBytes=1000000000000",
            "--Meridian:Gateway:MaxItems=0",
            "--Meridian:Gateway:ResumeKey=secret",
            "--Meridian:Gateway:Models=3",
            "--Meridian:FrontDoor:Url=http://0.0.0.0:80");

        string[] expected =
        [
            "Meridian:PortsFrom = 'abc': must be a whole number.",
            "Meridian:Stor: no such setting",
            "Meridian:Store:Kind = 'Memcached': must be one of Garnet, Redis.",
            "Meridian:Clustering:ConnectionString = '': Clustering:Kind is AzureStorage, which needs one.",
            "Meridian:Region = 'atlantis': not one of the configured regions",
            "Meridian:Regions:1:Name = 'eastus': another region has this name",
            "Meridian:Regions:2:Jurisdiction = '': must be",
            "Meridian:Models:0:Replicas = 65: must be 0 to 64.",
            "Meridian:Models:0:Device = 'tpu:0': must be cpu:0 or cuda:N.",
            "Meridian:Models:0:Regions has 'nowhere': not one of the configured regions.",
            "Meridian:Models:0:Routing = 'best': must be one of 'affinity', 'expected-completion', 'least-load', 'nearest', 'power-of-two', 'price', 'spill-over'.",
            "Meridian:Regions:0:Country = 'Holland': must be two letters",
            "Meridian:Regions:0:PricePerHour = -1: must be 0 to 1000000.",
            "Meridian:Routing:Policy = 'nearst': must be one of 'affinity'",
            "Meridian:Routing:NearEqualMs = NaN: must be 0 to 10000.",
            "Meridian:Routing:HighWaterMs = 0: must be above 0",
            "Meridian:Availability:FailureRatio = 0: must be 0.01 to 1.",
            "Meridian:Availability:BreakSeconds = 31: must be 0.5 to 30.",
            "Meridian:Availability:SlowStartFloor = 2: must be 0.0001 to 1.",
            "Meridian:Routing:LowWaterMs = 5: must be at least 0 and below Routing:HighWaterMs (0).",
            "Meridian:Routing:LowWaterSeconds = -1: must be 0 to 3600.",
            "Meridian:Routing:AffinityExtraMs = -1: must be",
            "Meridian:Routing:AffinityExtraRequests = -1: must be",
            "Meridian:Routing:AffinityRatio = 0.9: must be 1 to 1000.",
            "Meridian:Routing:FlexPolicy = 'cheap': must be one of",
            "Meridian:Routing:FlexExtraSeconds = 'many': must be a number such as 0.5.",
            "Meridian:Routing:FlexLoad = 2: must be 0 to 1.",
            "Meridian:Process:Devices = 'gpu': must be cpu:0 or cuda:N.",
            "Meridian:Process:SiloPort = 70000: must be 1 to 65535.",
            "Meridian:ShutdownSeconds = 0: must be 1 to 600.",
            "Meridian:StreamDrainSeconds = 11: must be 0 to 1.",
            "Meridian:DrainSeconds = 0: must be 1 to 3600.",
            "Meridian:Gateway:DefaultDeadlineMs = 0: must be 1 to 600000.",
            "Meridian:Gateway:DefaultGenerationDeadlineMs = 600001: must be 1 to 600000.",
            "Meridian:Gateway:HeartbeatMs = 99: must be 100 to 600000.",
            "Meridian:Gateway:MaxRequestBytes = 1000000000000: must be 1024 to 25165824.",
            "Meridian:Gateway:MaxItems = 0: must be 1 to 65536.",
            "Meridian:Gateway:ResumeKey has 6 characters: must have at least 32",
            "Meridian:Gateway:Models: no such setting",
            "Meridian:FrontDoor:Url = 'http://0.0.0.0:80': only loopback addresses",
        ];
        foreach (var beginning in expected)
        {
            Assert.Contains(mistakes, mistake => mistake.StartsWith(beginning, StringComparison.Ordinal));
        }

        Assert.Equal(expected.Length, mistakes.Count);
    }

    [Fact]
    public void What_binds_data_is_read_and_its_mistakes_are_told()
    {
        var options = Read(
            "--Meridian:Tenants:0:Name=clinic", "--Meridian:Tenants:0:Residency:0=eu", "--Meridian:FrontDoor:Jurisdiction=eu", "--Meridian:Geofence:Unknown=eu,us",
            "--Meridian:Geofence:Networks:0:Cidr=192.0.2.0/24", "--Meridian:Geofence:Networks:0:Country=DE", "--Meridian:Geofence:Countries:DE:Jurisdictions:0=eu",
            "--Meridian:Geofence:Countries:US:Regions:0=eastus", "--Meridian:Geofence:TrustedProxies:0=10.0.0.0/8");
        Assert.Equal(("clinic", "eu"), (Assert.Single(options.Tenants).Name, Assert.Single(options.Tenants[0].Residency)));
        Assert.Equal(["DE", "US"], options.Geofence.Countries.Keys.Order());
        Assert.Equal(["eastus"], options.Geofence.Countries["US"].Regions);

        var mistakes = Mistakes(
            "--Meridian:Tenants:0:Name=clinic", "--Meridian:Tenants:1:Name=clinic", "--Meridian:Tenants:1:Residency:0=EU", "--Meridian:FrontDoor:Jurisdiction=The EU", "--Meridian:Geofence:Unknown=EU",
            "--Meridian:Geofence:Countries:DE:Region:0=eastus", "--Meridian:Geofence:Countries:FR:Regions:0=nowhere", "--Meridian:Geofence:Networks:0:Cidr=home", "--Meridian:Geofence:NetworksFile=/nowhere.csv");
        string[] told =
        [
            "Meridian:Tenants:0:Residency: has no entries", "Meridian:Tenants:1:Name = 'clinic': another", "Meridian:Tenants:1:Residency has 'EU'", "Meridian:FrontDoor:Jurisdiction = 'The EU'",
            "Meridian:Geofence:Unknown = 'EU'", "Meridian:Geofence:Countries:DE:Region: no such setting", "Meridian:Geofence:Countries:FR:Regions has 'nowhere'", "Meridian:Geofence:Networks:0:Cidr = 'home'",
            "Meridian:Geofence:NetworksFile = '/nowhere.csv': cannot be read",
        ];
        Assert.All(told, text => Assert.Contains(mistakes, mistake => mistake.StartsWith(text, StringComparison.Ordinal)));
    }

    [Fact]
    public void An_empty_list_of_jurisdictions_does_not_free_a_tenant()
    {
        var file = Write("""{ "Meridian": { "Tenants": [ { "Name": "clinic", "Residency": [] } ] } }""");
        Assert.Contains(Assert.Throws<MistakesException>(() => MeridianConfiguration.Read(MeridianConfiguration.Load(file, [], []))).Mistakes, mistake => mistake.Contains("Tenants:0:Residency: has no entries", StringComparison.Ordinal));
    }

    [Fact]
    public void A_region_command_without_a_region_is_told_the_names()
    {
        var refused = Assert.Throws<MistakesException>(() => MeridianConfiguration.Read(MeridianConfiguration.Load(null, [], []), ofRegion: true));

        Assert.Contains("--name REGION, one of eastus, westeurope, southeastasia", Assert.Single(refused.Mistakes), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://10.0.0.1:9000")]
    [InlineData("http://0.0.0.0:9000")]
    [InlineData("http://[::]:9000")]
    [InlineData("http://example.org:9000")]
    public void An_address_that_others_can_reach_is_not_listened_on(string url)
    {
        var mistake = Assert.Single(Mistakes("--Meridian:Region=eastus", $"--Meridian:Process:FacadeUrl={url}"));

        Assert.Contains("callers are not asked for keys", mistake, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Process:FacadeUrl")]
    [InlineData("Process:ProtocolUrl")]
    [InlineData("Regions:0:Facade")]
    [InlineData("FrontDoor:Url")]
    public void A_plain_network_is_listened_on_where_that_is_asked_for(string setting)
    {
        string[] named = ["--Meridian:Region=eastus", $"--Meridian:{setting}=http://10.0.0.1:9000"];

        Assert.Contains("callers are not asked for keys", Assert.Single(Mistakes(named)), StringComparison.Ordinal);
        Assert.True(Read([.. named, "--Meridian:Process:AllowPlainNetwork=true"]).Process.AllowPlainNetwork);
    }

    [Fact]
    public void A_name_is_no_address_to_listen_on_in_a_plain_network()
    {
        var mistake = Assert.Single(Mistakes("--Meridian:Region=eastus", "--Meridian:Process:AllowPlainNetwork=true", "--Meridian:Process:FacadeUrl=http://example.org:9000"));

        Assert.Contains("must have an IP address of this machine", mistake, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://127.0.0.1:9000")]
    [InlineData("http://localhost:9000")]
    [InlineData("http://[::1]:9000")]
    public void Loopback_addresses_are_listened_on(string url) =>
        Assert.Equal(new Uri(url), Read("--Meridian:Region=eastus", $"--Meridian:Process:FacadeUrl={url}").Process.FacadeUrl);

    [Fact]
    public void The_address_of_another_region_may_be_anywhere_but_the_own_one_is_listened_on()
    {
        Assert.Empty(MistakesOrNone("--Meridian:Region=eastus", "--Meridian:Intent:Kind=None", "--Meridian:Regions:1:Protocol=http://10.0.0.2:8190"));

        Assert.Contains("Meridian:Regions:0:Protocol", Assert.Single(Mistakes("--Meridian:Region=eastus", "--Meridian:Intent:Kind=None", "--Meridian:Regions:0:Protocol=http://10.0.0.1:8190")), StringComparison.Ordinal);
    }

    // Without it the voter would be sought on this machine, for ever, and no log be founded.
    [Fact]
    public void A_region_elsewhere_must_say_where_its_voter_is()
    {
        const string Elsewhere = "--Meridian:Regions:1:Protocol=http://10.0.0.2:8190";

        var mistakes = Mistakes("--Meridian:Region=eastus", Elsewhere);

        Assert.Equal(2, mistakes.Count);
        Assert.StartsWith("Meridian:Regions:1:Consensus = '': the region is not on this machine (Protocol = http://10.0.0.2:8190)", mistakes[0], StringComparison.Ordinal);
        Assert.Contains("for example 10.0.0.2:8204, or keep no log anywhere with Intent:Kind = None", mistakes[0], StringComparison.Ordinal);
        Assert.Contains("Meridian:Regions:1:Control = ''", mistakes[1], StringComparison.Ordinal);
        Assert.Contains("for example http://10.0.0.2:8205", mistakes[1], StringComparison.Ordinal);
        Assert.Empty(MistakesOrNone(
            "--Meridian:Region=eastus", Elsewhere, "--Meridian:Regions:1:Consensus=10.0.0.2:8204", "--Meridian:Regions:1:Control=http://10.0.0.2:8205"));

        // A process that keeps no log only has to find the one of its region that does; a front door asks the regions.
        Assert.Empty(MistakesOrNone("--Meridian:Region=eastus", "--Meridian:Process:Roles=silo,facade", Elsewhere));
        Assert.Contains("Meridian:Regions:1:Control", Assert.Single(Mistakes("--Meridian:Region=westeurope", "--Meridian:Process:Roles=silo", Elsewhere)), StringComparison.Ordinal);
        Assert.Empty(MistakesOrNone(Elsewhere));
    }

    [Fact]
    public void A_file_that_lists_regions_replaces_the_default_ones()
    {
        var file = Write("""{ "Meridian": { "Regions": [ { "Name": "north", "Jurisdiction": "eu" } ] } }""");

        var options = MeridianConfiguration.Read(MeridianConfiguration.Load(file, [], []));

        Assert.Equal("north", Assert.Single(options.Regions).Name);
        Assert.Equal(2, options.Models.Count);
    }

    [Fact]
    public void The_command_line_goes_over_the_file_and_named_options_over_all()
    {
        var file = Write("""{ "Meridian": { "PortsFrom": 9000, "Data": "from-file", "ShutdownSeconds": 7 } }""");

        var options = MeridianConfiguration.Read(MeridianConfiguration.Load(file, ["--Meridian:PortsFrom=9100", "--Meridian:Data", "from-line"], [new("Meridian:PortsFrom", "9200")]));

        Assert.Equal((9200, "from-line", 7), (options.PortsFrom, options.Data, options.ShutdownSeconds));
    }

    [Fact]
    public void A_missing_or_broken_file_is_named()
    {
        var missing = Assert.Throws<MistakesException>(() => MeridianConfiguration.Load(Path.Combine(_directory, "none.json"), [], []));
        Assert.Contains("none.json': no such file", missing.Message, StringComparison.Ordinal);

        var broken = Assert.Throws<MistakesException>(() => MeridianConfiguration.Load(Write("{ \"Meridian\": "), [], []));
        Assert.Contains("settings.json' is no valid JSON", broken.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Roles_are_a_list_in_any_case() =>
        Assert.Equal(RegionRoles.Store | RegionRoles.Silo, Read("--Meridian:Process:Roles=store, SILO").Process.Roles);

    [Fact]
    public void Redis_needs_a_connection_string_and_a_region_can_have_its_own()
    {
        Assert.Contains("Meridian:Store:ConnectionString", Assert.Single(Mistakes("--Meridian:Store:Kind=Redis")), StringComparison.Ordinal);

        var options = Read("--Meridian:Regions:1:Store:Kind=Redis", "--Meridian:Regions:1:Store:ConnectionString=localhost:6379");
        var plans = RegionPlan.All(options);
        Assert.Equal([StoreKind.Garnet, StoreKind.Redis, StoreKind.Garnet], plans.Select(plan => plan.Store.Kind));
        Assert.Equal("localhost:6379", plans[1].StoreConnection);
    }

    private static MeridianOptions Read(params string[] overrides) => MeridianConfiguration.Read(MeridianConfiguration.Load(null, overrides, []));

    private static IReadOnlyList<string> Mistakes(params string[] overrides) => Assert.Throws<MistakesException>(() => Read(overrides)).Mistakes;

    private static IReadOnlyList<string> MistakesOrNone(params string[] overrides)
    {
        Read(overrides);
        return [];
    }

    private string Write(string json)
    {
        var path = Path.Combine(_directory, "settings.json");
        File.WriteAllText(path, json);
        return path;
    }
}
