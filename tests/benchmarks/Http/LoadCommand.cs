using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;

namespace Meridian.Benchmarks.Http;

/// <summary>
/// <c>load SERVER PATH CONNECTIONS WARMUP_S MEASURED_S PIDS BODIES</c>: a closed loop in its own process, so that its garbage and its threads are not the
/// orchestrator's. BODIES is a file with one JSON body a line. Prints a <see cref="ClosedLoopResult"/> as JSON.
/// </summary>
public static class LoadCommand
{
    public const string Name = "load";

    public static int Run(string[] args)
    {
        var result = ClosedLoop.Run(
            IPEndPoint.Parse(args[0]),
            args[1],
            [.. File.ReadAllLines(args[6]).Select(Encoding.UTF8.GetBytes)],
            int.Parse(args[2], CultureInfo.InvariantCulture),
            TimeSpan.FromSeconds(double.Parse(args[3], CultureInfo.InvariantCulture)),
            TimeSpan.FromSeconds(double.Parse(args[4], CultureInfo.InvariantCulture)),
            [.. args[5].Split(',', StringSplitOptions.RemoveEmptyEntries).Select(pid => int.Parse(pid, CultureInfo.InvariantCulture))]);
        Console.WriteLine(JsonSerializer.Serialize(result));
        return 0;
    }

    /// <summary>Runs the command in a child and reads its result.</summary>
    public static async Task<ClosedLoopResult> InChildAsync(
        IPEndPoint server, string path, string bodies, int connections, double warmup, double measured, IEnumerable<int> servers)
    {
        await using var child = Self.Program.Start(
            "load",
            [
                Name, server.ToString(), path, connections.ToString(CultureInfo.InvariantCulture), warmup.ToString(CultureInfo.InvariantCulture),
                measured.ToString(CultureInfo.InvariantCulture), string.Join(',', servers), bodies,
            ]);
        await child.ExitAsync(TimeSpan.FromSeconds(warmup + measured + 60));
        return child.ExitCode == 0
            ? JsonSerializer.Deserialize<ClosedLoopResult>(child.Lines.Last(line => line.StartsWith('{')))!
            : throw new InvalidOperationException(child.Tail(60));
    }
}
