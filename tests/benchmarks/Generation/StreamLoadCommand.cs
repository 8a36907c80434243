using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using Meridian.Benchmarks.Http;
using Meridian.Cluster.Tests.Harness;
using Meridian.Load;

namespace Meridian.Benchmarks.Generation;

/// <summary>
/// <c>streams SERVER TOKENS PIDS BODIES</c>: one streaming request a line of BODIES, all at once, each on a connection and a thread of its own. Prints a
/// <see cref="StreamLoadResult"/> as JSON. Every body must ask for exactly TOKENS tokens.
/// </summary>
public static class StreamLoadCommand
{
    public const string Name = "streams";

    public static int Run(string[] args)
    {
        var server = IPEndPoint.Parse(args[0]);
        var tokens = int.Parse(args[1], CultureInfo.InvariantCulture);
        int[] servers = [.. args[2].Split(',', StringSplitOptions.RemoveEmptyEntries).Select(pid => int.Parse(pid, CultureInfo.InvariantCulture))];
        byte[][] requests = [.. File.ReadAllLines(args[3]).Select(line => RawConnection.Post(server, "/v1/completions", Encoding.UTF8.GetBytes(line)))];
        var first = new double[requests.Length];
        using var ready = new Barrier(requests.Length + 1);
        string? failure = null;
        var threads = requests.Select((request, n) => new Thread(() =>
        {
            try
            {
                using var connection = new RawConnection(server);
                ready.SignalAndWait();
                var started = Stopwatch.GetTimestamp();
                connection.Stream(request, _ => first[n] = first[n] == 0 ? Stopwatch.GetElapsedTime(started).TotalMilliseconds : first[n]);
            }
            catch (Exception e) when (e is IOException or InvalidDataException or System.Net.Sockets.SocketException)
            {
                Volatile.Write(ref failure, e.Message);
            }
        })
        { IsBackground = true }).ToArray();
        foreach (var thread in threads)
        {
            thread.Start();
        }

        var cpuBefore = Cpu(servers);
        ready.SignalAndWait();
        var clock = Stopwatch.StartNew();
        foreach (var thread in threads)
        {
            thread.Join();
        }

        var seconds = clock.Elapsed.TotalSeconds;
        if (failure is not null)
        {
            throw new InvalidDataException($"A stream of {server} failed: {failure}");
        }

        Console.WriteLine(JsonSerializer.Serialize(new StreamLoadResult(tokens * requests.Length, seconds, (Cpu(servers) - cpuBefore).TotalSeconds, Percentiles.Median(first))));
        return 0;
    }

    /// <summary>Runs the command in a child and reads its result.</summary>
    public static async Task<StreamLoadResult> InChildAsync(IPEndPoint server, int tokens, string bodies, IEnumerable<int> servers)
    {
        await using var child = Self.Program.Start("streams", [Name, server.ToString(), tokens.ToString(CultureInfo.InvariantCulture), string.Join(',', servers), bodies]);
        await child.ExitAsync(TimeSpan.FromMinutes(5));
        return child.ExitCode == 0
            ? JsonSerializer.Deserialize<StreamLoadResult>(child.Lines.Last(line => line.StartsWith('{')))!
            : throw new InvalidOperationException(child.Tail(60));
    }

    private static TimeSpan Cpu(IEnumerable<int> servers) => servers.Aggregate(TimeSpan.Zero, (sum, pid) => sum + ProcStat.Cpu(pid));
}
