using System.Net;
using System.Text;
using Meridian.Cluster.Tests.Harness;
using Meridian.Wan.Lab;

namespace Meridian.Wan.Tests;

public sealed class SiteTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Sites_share_neither_loopback_nor_ports()
    {
        await using var lab = NeedsLab.Create("a", "b");
        using var first = lab["a"].Listen(8080);
        using var second = lab["b"].Listen(8080);

        using var inside = await lab["a"].ConnectAsync(new IPEndPoint(IPAddress.Loopback, 8080), Token);
        using var across = await lab["a"].ConnectAsync(new IPEndPoint(lab["b"].Address, 8080), Token);

        Assert.Equal(lab["a"].Address, ((IPEndPoint)across.LocalEndPoint!).Address);
        Assert.NotEqual(lab["a"].NetworkId, lab["b"].NetworkId);
        Assert.NotEqual(new FileInfo("/proc/self/ns/net").LinkTarget, lab["a"].NetworkId);
    }

    [Fact]
    public async Task A_process_runs_in_its_site_with_its_environment_and_can_be_frozen_and_killed()
    {
        await using var lab = NeedsLab.Create("a");

        var process = lab["a"].Start("shell", "/bin/sh", ["-c", "readlink /proc/self/ns/net; echo $COLOR; exec sleep 60"], [KeyValuePair.Create("COLOR", (string?)"green")]);
        await process.LineAsync(line => line == lab["a"].NetworkId, "its network", TimeSpan.FromSeconds(10));
        await process.LineAsync(line => line == "green", "its variable", TimeSpan.FromSeconds(10));

        process.Signal(Signals.Stop);
        await Eventually.HoldsAsync(_ => Task.FromResult(State(process.Id) == 'T'), "the process to stand still", TimeSpan.FromSeconds(5));
        process.Signal(Signals.Continue);
        await Eventually.HoldsAsync(_ => Task.FromResult(State(process.Id) == 'S'), "the process to go on", TimeSpan.FromSeconds(5));
        await process.KillAsync();
        Assert.True(process.HasExited);
    }

    [Fact]
    public async Task A_capture_sees_what_its_site_is_sent_even_across_packets_and_nothing_of_others()
    {
        await using var lab = NeedsLab.Create("a", "b", "c");
        var canary = Encoding.ASCII.GetBytes("canary-5f3e");
        using var at = lab["b"].Capture(canary);
        using var elsewhere = lab["c"].Capture(canary);

        await using (var probe = await Probe.OpenAsync(lab["a"], lab["b"], Token))
        {
            // In three packets: each waits for the echo of the one before.
            await probe.EchoAsync(Encoding.ASCII.GetBytes("xx canary"), Token);
            await probe.EchoAsync(Encoding.ASCII.GetBytes("-5f3"), Token);
            await probe.EchoAsync(Encoding.ASCII.GetBytes("e yy"), Token);
        }

        at.Dispose();
        elsewhere.Dispose();
        Assert.Equal(2, at.Found);
        Assert.Equal(0, elsewhere.Found);
        Assert.Equal(0, elsewhere.Packets);
    }

    [Fact]
    public async Task A_lab_leaves_no_network_and_no_process()
    {
        string network;
        int pid;
        await using (var lab = NeedsLab.Create("a", "b"))
        {
            var process = lab["a"].Start("sleep", "/bin/sleep", ["60"]);
            (network, pid) = (lab["a"].NetworkId, process.Id);
            await Eventually.HoldsAsync(_ => Task.FromResult(Users(network).Contains(pid)), "the process to run in the site", TimeSpan.FromSeconds(5));
        }

        Assert.Empty(Users(network));
        Assert.False(Directory.Exists($"/proc/{pid}"));
    }

    [Fact]
    public async Task A_killed_lab_leaves_no_network_and_no_process()
    {
        Assert.SkipWhen(WanLab.Missing() is not null, WanLab.Missing() ?? "");
        var program = MeridianProgram.OfAssembly("Meridian.Wan.dll", "hold", "a", "/bin/sleep", "60");
        await using var lab = ChildProcess.Start("lab", program.Program, program.Prefix);
        var line = (await lab.LineAsync(l => l.StartsWith("net:", StringComparison.Ordinal), "its site", TimeSpan.FromSeconds(20))).Split(' ');
        Assert.NotEmpty(Users(line[0]));

        await lab.KillAsync();

        await Eventually.HoldsAsync(
            _ => Task.FromResult(Users(line[0]).Count == 0 && !Directory.Exists($"/proc/{line[1]}")),
            "the network and the process of the killed lab to be gone",
            TimeSpan.FromSeconds(10));
    }

    [Fact]
    public void The_table_has_every_pair_of_its_regions()
    {
        Assert.Equal(12, RegionPairs.Regions.Count);
        foreach (var a in RegionPairs.Regions)
        {
            foreach (var b in RegionPairs.Regions.Where(b => b != a))
            {
                Assert.InRange(RegionPairs.RoundTrip(a, b), 5.Ms(), 400.Ms());
                Assert.Equal(RegionPairs.RoundTrip(a, b), RegionPairs.RoundTrip(b, a));
            }
        }

        Assert.Equal(91.Ms(), RegionPairs.RoundTrip("westeurope", "eastus"));
        Assert.Contains("'mars'", Assert.Throws<ArgumentException>(() => RegionPairs.RoundTrip("mars", "eastus")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sites_named_after_regions_get_the_measured_round_trips()
    {
        await using var lab = NeedsLab.Create("eastus", "westeurope", "caller");

        RegionPairs.Apply(lab);

        Assert.Equal(45.5, lab.Line("eastus", "westeurope").Settings.Latency.TotalMilliseconds);
        Assert.Equal(TimeSpan.Zero, lab.Line("caller", "westeurope").Settings.Latency);
        await using var probe = await Probe.OpenAsync(lab["westeurope"], lab["eastus"], Token);
        Assert.InRange((await probe.RoundTripsAsync(8, Token)).Typical(), 91.Ms(), 111.Ms());
    }

    private static char State(int pid)
    {
        var stat = File.ReadAllText($"/proc/{pid}/stat");
        return stat[stat.LastIndexOf(')') + 2];
    }

    // Processes with a thread in a network.
    private static List<int> Users(string network)
    {
        var users = new List<int>();
        foreach (var process in Directory.EnumerateDirectories("/proc").Where(path => int.TryParse(Path.GetFileName(path), out _)))
        {
            try
            {
                if (Directory.EnumerateDirectories(Path.Combine(process, "task")).Any(task => new FileInfo(Path.Combine(task, "ns", "net")).LinkTarget == network))
                {
                    users.Add(int.Parse(Path.GetFileName(process), System.Globalization.CultureInfo.InvariantCulture));
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It ended meanwhile.
            }
        }

        return users;
    }
}
