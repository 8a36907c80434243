using Meridian.Cluster.Tests.Harness;

namespace Meridian.Cluster.Tests.Robustness;

public sealed class BadInputTests(ITestOutputHelper output)
{
    private const int WarmUp = 1_000;
    private const int Judged = 2_000;

    [Fact]
    public async Task Mistakes_get_their_error_and_leave_nothing_behind()
    {
        using var data = new TemporaryDirectory();
        await using var installation = new Installation(data.Path, regions: 1, Models.MiniLm);
        var region = installation.StartRegion("eastus");
        var (door, frontDoor) = installation.StartFrontDoor();
        await installation.SeesAsync(frontDoor, "minilm", "eastus");
        Edge[] edges = [frontDoor, installation.Facade("eastus")];
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(20) };
        var round = new MistakeRound(http, edges, [door.Id, region.Id]);
        foreach (var edge in edges)
        {
            foreach (var bad in BadRequests.All)
            {
                await round.SendAsync(edge, bad);
            }
        }

        await round.WorkAsync();
        await round.RunAsync(0, WarmUp);

        // One round, and it counts. The benchmark "mistakes" sends 10,000.
        var resident = await round.RunAsync(WarmUp, WarmUp + Judged);

        output.WriteLine($"Resident KiB of front door and region: {string.Join("; ", resident.Select(r => $"{r[0]} {r[1]}"))}");
        Assert.Null(MistakeRound.Growth(resident, ["front door", "region"]));
        var errors = installation.AllLines.Where(IsError).Take(10).ToArray();
        Assert.True(errors.Length == 0, "A caller's mistake was logged as an error:\n" + string.Join("\n", errors));
        await frontDoor.EmbedAsync("minilm", ["all is well"]);
    }

    private static bool IsError(string line) =>
        line.Contains(" error ", StringComparison.Ordinal) || line.Contains(" fatal ", StringComparison.Ordinal) || line.Contains("Unhandled", StringComparison.Ordinal);
}
