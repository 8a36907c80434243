using System.Diagnostics;
using System.Globalization;
using Meridian.Intents;
using Meridian.Intents.Records;
using Meridian.Silo.CommandLine;
using Meridian.Silo.Configuration.Reading;
using Meridian.Silo.Hosting;
using Meridian.Silo.Processes;
using Meridian.Silo.Tests.Processes;
using MessagePack;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Meridian.Silo.Tests.CommandLine;

/// <summary>A lost majority, as an operator meets it: the product's own hosts with role control alone, their directories, and the command between two of their lives.</summary>
[Collection(SiloProcess.Collection)]
public sealed class RecoverTests : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly string _data = Directory.CreateTempSubdirectory("meridian-silo-").FullName;
    private readonly string[] _shared;
    private readonly Dictionary<string, IHost> _running = [];

    public RecoverTests() => _shared =
    [
        $"--Meridian:Data={_data}", string.Create(CultureInfo.InvariantCulture, $"--Meridian:PortsFrom={SiloProcess.FreePorts()}"), "--Meridian:Models:0:Source=", "--Logging:LogLevel:Meridian=Error",
        "--Meridian:Intent:LowerElectionTimeoutMs=300", "--Meridian:Intent:UpperElectionTimeoutMs=600",
    ];

    [Fact]
    public async Task Of_three_two_die_for_ever_and_the_third_decides_alone_until_fresh_ones_join()
    {
        await Task.WhenAll(StartAsync("eastus"), StartAsync("westeurope"), StartAsync("southeastasia"));
        var before = await ChangeAsync("westeurope", "before");
        await ReadAsync("eastus");
        await StopAsync("westeurope", "southeastasia");
        Directory.Delete(Path.Combine(_data, "westeurope"), recursive: true);
        Directory.Delete(Path.Combine(_data, "southeastasia"), recursive: true);
        using (var brief = new CancellationTokenSource(TimeSpan.FromSeconds(2)))
        {
            await Assert.ThrowsAsync<IntentUnavailableException>(() => Log("eastus").ChangeAsync(Change("refused"), brief.Token));
        }

        var (code, _, error) = await RecoverAsync("eastus", "--yes");
        Assert.Equal(ExitCode.Unavailable, code);
        Assert.Contains("no other process of this member runs", error, StringComparison.Ordinal);
        await StopAsync("eastus");

        // Looking changes nothing, however often.
        (code, var output, error) = await RecoverAsync("eastus");
        Assert.Equal(ExitCode.Mistake, code);
        Assert.Empty(error);
        Assert.Contains("westeurope (127.0.0.1:", output, StringComparison.Ordinal);
        Assert.Contains("southeastasia (127.0.0.1:", output, StringComparison.Ordinal);
        Assert.Contains("generation          1, then 2", output, StringComparison.Ordinal);
        Assert.Contains("Nothing was changed", output, StringComparison.Ordinal);
        Assert.Equal((ExitCode.Mistake, output, ""), await RecoverAsync("eastus"));

        (code, output, _) = await RecoverAsync("eastus", "--yes");
        Assert.Equal(ExitCode.Ok, code);
        Assert.Contains("Done. Start eastus as usual", output, StringComparison.Ordinal);

        await StartAsync("eastus");
        var after = await ChangeAsync("eastus", "after");
        Assert.True(after.Revision > before.Revision);
        Assert.Equal(["eastus"], Voters("eastus"));
        Assert.True(Log("eastus").Current.EpochOf(Key("before")) > 0);

        await StartAsync("westeurope");
        await ChangeAsync("westeurope", "joined");
        await HoldsAsync(() => Voters("westeurope").SequenceEqual(["eastus", "westeurope"]) && Voters("eastus").Length == 2, "the fresh member to vote");
        await ReadAsync("eastus");
        Assert.All(["before", "after", "joined"], name => Assert.True(Log("westeurope").Current.EpochOf(Key(name)) > 0, name));

        // Nothing is lost any more, and the command says so.
        await StopAsync("westeurope", "eastus");
        (_, output, _) = await RecoverAsync("westeurope");
        Assert.Contains("generation          2, then 3", output, StringComparison.Ordinal);
        Assert.Contains("voters it loses     eastus (127.0.0.1:", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_no_log_is_nothing_is_made()
    {
        var (code, _, error) = await RecoverAsync("eastus", "--yes");

        Assert.Equal(ExitCode.Unavailable, code);
        Assert.Contains($"'{Path.Combine(_data, "eastus", "intent")}' does not exist", error, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_data));

        // Three that never met have founded none either.
        await StartAsync("eastus");
        await StopAsync("eastus");
        (code, _, error) = await RecoverAsync("eastus", "--yes");
        Assert.Equal(ExitCode.Unavailable, code);
        Assert.Contains("holds no log", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Etcd", "Meridian:Intent:Kind = 'Etcd'")]
    [InlineData("None", "Meridian:Intent:Kind = 'None'")]
    public async Task What_is_not_kept_by_raft_is_not_recovered_here(string kind, string part)
    {
        var (code, _, error) = await RecoverAsync("eastus", $"--Meridian:Intent:Kind={kind}", "--Meridian:Intent:EtcdEndpoints=http://127.0.0.1:2379");

        Assert.Equal(ExitCode.Mistake, code);
        Assert.Contains(part, error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_region_without_others_is_a_log_of_one_voter()
    {
        var file = Path.Combine(_data, "settings.json");
        await File.WriteAllTextAsync(file, """{ "Meridian": { "Regions": [ { "Name": "north", "Jurisdiction": "eu" } ], "Models": [ { "Name": "minilm" } ] } }""", TestContext.Current.CancellationToken);
        await StartAsync("north", file);

        Assert.True((await ChangeAsync("north", "alone")).Revision > 0);
        Assert.Equal(["north"], Voters("north"));
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync([.. _running.Keys]);
        Directory.Delete(_data, recursive: true);
    }

    private async Task<(int Code, string Output, string Error)> RecoverAsync(string region, params string[] more)
    {
        await using var output = new StringWriter();
        await using var error = new StringWriter();
        var code = await Commands.RunAsync(["recover", "--name", region, .. _shared, .. more], output, error);
        Assert.DoesNotContain("   at ", error.ToString(), StringComparison.Ordinal);
        return (code, output.ToString(), error.ToString());
    }

    private async Task StartAsync(string region, string? file = null)
    {
        var host = RegionHost.Build(MeridianConfiguration.Load(file, [.. _shared, $"--Meridian:Region={region}", "--Meridian:Process:Roles=control"], []));
        lock (_running)
        {
            _running.Add(region, host);
        }

        await host.StartAsync();
    }

    private async Task StopAsync(params string[] regions)
    {
        foreach (var region in regions)
        {
            _running.Remove(region, out var host);
            await host!.StopAsync();
            await ((IAsyncDisposable)host).DisposeAsync();
        }
    }

    private IIntentLog Log(string region) => _running[region].Services.GetRequiredService<IIntentLog>();

    private string[] Voters(string region) => [.. Log(region).Status.Voters.Select(voter => voter.Name)];

    private static IntentKey Key(string name) => new(IntentKinds.Tenant, name);

    private static IntentChange Change(string name) => new() { Operation = Guid.NewGuid(), Conditions = [], Writes = [new IntentWrite(Key(name), MessagePackSerializer.Serialize(new TenantRecord()))] };

    private async Task<IntentOutcome> ChangeAsync(string region, string name)
    {
        using var limit = new CancellationTokenSource(Limit);
        var outcome = await Log(region).ChangeAsync(Change(name), limit.Token);
        Assert.True(outcome.Made);
        return outcome;
    }

    private async Task ReadAsync(string region)
    {
        using var limit = new CancellationTokenSource(Limit);
        await Log(region).ReadAsync(limit.Token);
    }

    // What a member knows of its quorum can only be asked for again and again.
    private static async Task HoldsAsync(Func<bool> holds, string what)
    {
        var watch = Stopwatch.StartNew();
        while (!holds())
        {
            Assert.True(watch.Elapsed < Limit, $"Waited {Limit.TotalSeconds} s for {what}.");
            await Task.Delay(20);
        }
    }
}
