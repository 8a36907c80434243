using System.Text.Json;
using Meridian.Silo.Processes;
using Meridian.TestModules;

namespace Meridian.Silo.Tests.Processes;

/// <summary>The dev supervisor as its user meets it. What the regions do with each other is tested in Cluster.Tests.</summary>
[Collection(MachineAlone.Name)]
public sealed class SupervisorTests : IDisposable
{
    private readonly string _data = Directory.CreateTempSubdirectory("meridian-silo-").FullName;

    public void Dispose() => Directory.Delete(_data, recursive: true);

    [Fact]
    public async Task It_starts_everything_brings_back_what_dies_and_stops_everything_in_order()
    {
        Linux();
        var ports = SiloProcess.FreePorts();
        await using var silo = SiloProcess.Start("--data", _data, "--ports-from", $"{ports}");
        var frontDoor = new Uri($"http://127.0.0.1:{ports}/readyz");
        using var reported = new CancellationTokenSource();
        var early = EarlyRequests.SendAsync(ports, least: 200, reported.Token);
        await silo.UntilAsync(() => silo.Output.Contains("Meridian is ready", StringComparison.Ordinal), "the start-up report is there");

        // Ready means ready: each model, at each door, with the first request.
        Assert.All(await EarlyRequests.OnceAsync(ports), answer => Assert.Equal("200", answer));
        Assert.True(await SiloProcess.AnswersAsync(frontDoor));

        // What came earlier was served, or told when to come back.
        await reported.CancelAsync();
        var answers = await early;
        Assert.All(answers, answer => Assert.Contains(answer, (string[])["200", "503 retry-after"]));
        Assert.Contains("200", answers);
        foreach (var told in new[] { "was Dead", "is dead", "   at ", " error ", " fatal " })
        {
            Assert.DoesNotContain(told, silo.Output, StringComparison.Ordinal);
        }

        var state = Read();
        Assert.Equal($"http://127.0.0.1:{ports}", state.FrontDoor.Url);
        Assert.Equal(["eastus", "westeurope", "southeastasia"], state.Regions.Select(region => region.Name));
        Assert.Equal([$"http://127.0.0.1:{ports + 1}", $"http://127.0.0.1:{ports + 2}", $"http://127.0.0.1:{ports + 3}"], state.Regions.Select(region => region.Url));
        Assert.All(Pids(state), pid => Assert.True(SiloProcess.IsRunning(pid)));

        await using (var second = SiloProcess.Start("--data", _data, "--ports-from", $"{SiloProcess.FreePorts()}"))
        {
            Assert.Equal(ExitCode.Unavailable, await second.ExitAsync());
            Assert.Contains($"already runs on '{_data}' (process {silo.Id})", second.Output, StringComparison.Ordinal);
        }

        var victim = state.Regions[1];
        await SiloProcess.SignalAsync(victim.Pid!.Value, "KILL");
        await silo.UntilAsync(() => Read().Regions[1].Pid is { } pid && pid != victim.Pid, "dev.json names the region's new process");
        await silo.UntilAsync(() => SiloProcess.AnswersAsync(new Uri(victim.Url + "/readyz")), "the killed region is ready again");
        Assert.Contains("died of signal 9", silo.Output, StringComparison.Ordinal);
        Assert.Equal(state.FrontDoor, Read().FrontDoor);

        var pids = Pids(Read());
        var upToHere = silo.Output.Length;
        await silo.InterruptAsync();
        Assert.Equal(ExitCode.Ok, await silo.ExitAsync());
        Assert.All(pids, pid => Assert.False(SiloProcess.IsRunning(pid)));
        Assert.False(File.Exists(Path.Combine(_data, "dev.json")));
        Assert.DoesNotContain(" is dead", silo.Output[upToHere..], StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", silo.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(" error ", silo.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(" fatal ", silo.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task When_it_is_killed_its_children_end_too()
    {
        Linux();
        var settings = Path.Combine(_data, "settings.json");
        await File.WriteAllTextAsync(settings, """{ "Meridian": { "Regions": [ { "Name": "north", "Jurisdiction": "eu" } ] } }""");
        await using var silo = SiloProcess.Start("--config", settings, "--data", _data, "--ports-from", $"{SiloProcess.FreePorts()}");
        await silo.UntilAsync(() => File.Exists(Path.Combine(_data, "dev.json")) && Read() is { FrontDoor.Pid: not null } state && state.Regions.TrueForAll(region => region.Pid is not null), "all processes are started");
        var pids = Pids(Read());

        silo.ExpectsExit = true;
        silo.Kill();

        await silo.ExitAsync();
        await silo.UntilAsync(() => !pids.Any(SiloProcess.IsRunning), "the children are gone");
        Assert.False(File.Exists(Path.Combine(_data, "dev.json")), "dev.json still names the processes of a supervisor that is gone");
    }

    [Fact]
    public async Task A_stop_while_everything_starts_ends_it_without_stack_traces()
    {
        Linux();
        await using var silo = SiloProcess.Start("--data", _data, "--ports-from", $"{SiloProcess.FreePorts()}");
        await silo.UntilAsync(() => silo.Output.Contains("Installed model", StringComparison.Ordinal), "a region is in the middle of its start");

        silo.ExpectsExit = true;
        var watch = System.Diagnostics.Stopwatch.StartNew();
        await SiloProcess.SignalAsync(silo.Id, "TERM");

        Assert.Equal(ExitCode.Ok, await silo.ExitAsync());
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(5));
        Assert.False(File.Exists(Path.Combine(_data, "dev.json")));
        foreach (var told in new[] { "   at ", " error ", " fatal ", "Failed:", "Exception" })
        {
            Assert.DoesNotContain(told, silo.Output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_mistake_in_the_settings_is_told_once_and_nothing_starts()
    {
        await using var silo = SiloProcess.Start(
            "--data", _data, "--ports-from", $"{SiloProcess.FreePorts()}", "--Meridian:Store:Kind=Redis", "--Meridian:Store:ConnectionString=127.0.0.1:1,nonsense=true");

        Assert.Equal(ExitCode.Mistake, await silo.ExitAsync());
        Assert.Contains("Meridian:Store:ConnectionString", silo.Output, StringComparison.Ordinal);
        Assert.Contains("nonsense", silo.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", silo.Output, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(_data));
    }

    private static void Linux()
    {
        if (!OperatingSystem.IsLinux())
        {
            Assert.Skip("Processes are looked up in /proc: run on Linux.");
        }
    }

    private State Read() => JsonSerializer.Deserialize<State>(File.ReadAllBytes(Path.Combine(_data, "dev.json")), JsonSerializerOptions.Web)!;

    private static int[] Pids(State state) => [state.FrontDoor.Pid!.Value, .. state.Regions.Select(region => region.Pid!.Value)];

    private sealed record State(Edge FrontDoor, List<Region> Regions);

    private sealed record Edge(int? Pid, string Url);

    private sealed record Region(string Name, int? Pid, string Url);
}
