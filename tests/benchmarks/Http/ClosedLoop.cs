using System.Diagnostics;
using System.Net;
using Meridian.Cluster.Tests.Harness;
using Meridian.Load;

namespace Meridian.Benchmarks.Http;

/// <summary>Connections that each send the next request when the last is answered: how much a server can do. A thread a connection, in a process of its own.</summary>
public static class ClosedLoop
{
    /// <param name="server">Where to.</param>
    /// <param name="path">Target of the requests.</param>
    /// <param name="bodies">Sent in turn.</param>
    /// <param name="connections">Requests under way at any time.</param>
    /// <param name="warmup">Not measured.</param>
    /// <param name="measured">Measured.</param>
    /// <param name="servers">Processes whose processor time is read before and after.</param>
    public static ClosedLoopResult Run(
        IPEndPoint server, string path, IReadOnlyList<byte[]> bodies, int connections, TimeSpan warmup, TimeSpan measured, IReadOnlyList<int> servers)
    {
        var requests = bodies.Select(body => RawConnection.Post(server, path, body)).ToArray();
        var phase = 0;
        string? failure = null;
        var latencies = Enumerable.Range(0, connections).Select(_ => new List<long>(100_000)).ToArray();
        var threads = Enumerable.Range(0, connections).Select(n => new Thread(() =>
        {
            try
            {
                using var connection = new RawConnection(server);
                for (var i = n; Volatile.Read(ref phase) < 2; i++)
                {
                    var started = Stopwatch.GetTimestamp();
                    connection.Exchange(requests[i % requests.Length]);
                    if (Volatile.Read(ref phase) == 1)
                    {
                        latencies[n].Add(Stopwatch.GetTimestamp() - started);
                    }
                }
            }
            catch (Exception e) when (e is IOException or InvalidDataException or System.Net.Sockets.SocketException)
            {
                Volatile.Write(ref failure, e.Message);
            }
        })
        { IsBackground = true }).ToArray();

        using var timer = new ManualResetEventSlim();
        foreach (var thread in threads)
        {
            thread.Start();
        }

        timer.Wait(warmup);
        var cpuBefore = Cpu(servers);
        var clock = Stopwatch.StartNew();
        Volatile.Write(ref phase, 1);
        timer.Wait(measured);
        Volatile.Write(ref phase, 2);
        var seconds = clock.Elapsed.TotalSeconds;
        var cpu = Cpu(servers) - cpuBefore;
        foreach (var thread in threads)
        {
            thread.Join();
        }

        if (failure is not null)
        {
            throw new InvalidDataException($"A request to {server}{path} failed: {failure}");
        }

        var all = latencies.SelectMany(l => l).Select(ticks => ticks * 1000.0 / Stopwatch.Frequency).ToArray();
        var shape = Percentiles.Of(all);
        return new ClosedLoopResult(all.Length, seconds, cpu.TotalSeconds, shape.P50, shape.P99);
    }

    private static TimeSpan Cpu(IReadOnlyList<int> servers) =>
        servers.Aggregate(TimeSpan.Zero, (sum, pid) => sum + ProcStat.Cpu(pid));
}
