using System.Globalization;
using Meridian.Cluster.Tests.Harness;
using Meridian.Cluster.Tests.Robustness;

namespace Meridian.Benchmarks.Robustness;

/// <summary>Callers' mistakes, many of them: each must get its error, and neither the front door nor the region may grow.</summary>
public sealed class MistakesBenchmark(int requests)
{
    private const int WarmUp = 2_000;
    private static readonly string[] Names = ["front door", "region"];

    public async Task RunAsync(Goals goals)
    {
        using var data = new TemporaryDirectory();
        await using var installation = new Installation(data.Path, regions: 1, Models.MiniLm);
        var region = installation.StartRegion("eastus");
        var (door, frontDoor) = installation.StartFrontDoor();
        await installation.SeesAsync(frontDoor, "minilm", "eastus");
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(20) };
        var round = new MistakeRound(http, [frontDoor, installation.Facade("eastus")], [door.Id, region.Id]);
        await round.WorkAsync();
        await round.RunAsync(0, WarmUp);

        var resident = await round.RunAsync(WarmUp, WarmUp + requests);

        Table.Print(
            $"{requests} mistakes, after {WarmUp} to warm up; resident KiB",
            ["process", "before", "after", "times"],
            [.. Names.Select((name, i) => new[] { name, Text(resident[0][i], "0"), Text(resident[^1][i], "0"), Text(resident[^1][i] / (double)resident[0][i], "0.000") })]);
        for (var i = 0; i < Names.Length; i++)
        {
            goals.AtMost($"memory of the {Names[i]} after {requests} mistakes, times before", resident[^1][i] / (double)resident[0][i], MistakeRound.Allowed);
        }
    }

    private static string Text(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
