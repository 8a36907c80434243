using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Meridian.Cluster.Tests.Harness;
using Meridian.Inference.Engines.Generation.Contract;

namespace Meridian.Cluster.Tests.Generation;

/// <summary>Callers that close their socket: the engine stops working for them, and nothing of them stays.</summary>
public sealed class AbandonedStreamsTests(ITestOutputHelper output)
{
    private const int Aborts = 1_000;
    private const int Together = 8;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_closed_socket_frees_the_slots_after_at_most_one_more_step()
    {
        await using var region = await OneRegion.WithSlowModelAsync();
        (string Name, Uri Address)[] edges =
        [
            ("facade of a silo", region.Address),
            ("front door", await region.AddFrontDoorAsync(OneRegion.Slow)),
            ("facade without a silo", await region.AddFacadeAsync(OneRegion.Slow)),
        ];
        var engine = region.Engine(OneRegion.Slow);
        foreach (var (name, address) in edges)
        {
            var times = new List<double>();
            foreach (var (stream, choices) in new[] { (true, 1), (false, 1), (true, 4), (false, 4) })
            {
                for (var i = 0; i < 3; i++)
                {
                    using var caller = await SendAsync(address, stream, choices, chat: i == 0);
                    await UntilAsync(engine, c => c.SlotsInUse == choices);
                    var generated = engine.Counters.GeneratedTokens;
                    await UntilAsync(engine, c => c.GeneratedTokens > generated);
                    caller.Close();
                    var closed = Stopwatch.GetTimestamp();
                    while (engine.Counters is not { SlotsInUse: 0, Waiting: 0 } && Stopwatch.GetElapsedTime(closed) < Patience)
                    {
                        // As often as the scheduler lets: what is measured is shorter than any pause worth the name.
                        await Task.Yield();
                    }

                    times.Add(Stopwatch.GetElapsedTime(closed).TotalMilliseconds);
                }
            }

            output.WriteLine($"{name}: from close to release, ms: {string.Join(' ', times.Select(t => $"{t:0.0}"))}");
        }

        var counters = engine.Counters;
        output.WriteLine($"Inside the engine at most {counters.MostCancelMs:0.0} ms, {counters.MostStepsAfterCancel} step.");
        Assert.Equal(edges.Length * 3 * (1 + 1 + 4 + 4), counters.Cancelled);
        Assert.InRange(counters.MostStepsAfterCancel, 0, 1);
        Assert.Equal(0, counters.ReservedTokens);
    }

    [Fact]
    public async Task A_thousand_abandoned_requests_leave_nothing_behind()
    {
        await using var region = await OneRegion.WithSlowModelAsync();
        Uri[] edges = [region.Address, await region.AddFrontDoorAsync(OneRegion.Slow)];
        var engine = region.Engine(OneRegion.Slow);

        // A region at work is what the aborts must leave as it was: code compiled, pools filled, by callers who stay. Nobody has left before the baseline is taken.
        await StayAsync(edges, Aborts / 2);
        var activations = await region.ActivationsAsync();
        var resident = await ResidentAsync();

        await AbandonAsync(edges, engine, Aborts);
        var after = await ResidentAsync();
        var counters = engine.Counters;
        output.WriteLine($"Resident KiB: {resident} before, {after} after {Aborts} aborted requests ({after / (double)resident:0.00}); activations {activations} and {await region.ActivationsAsync()}.");
        Assert.Equal(0, counters.SlotsInUse);
        Assert.Equal(0, counters.Waiting);
        Assert.Equal(0, counters.ReservedTokens);
        Assert.InRange(counters.MostStepsAfterCancel, 0, 1);
        Assert.Equal(activations, await region.ActivationsAsync());
        Assert.True(after <= resident * 1.1, $"Resident memory grew from {resident} to {after} KiB.");
    }

    /// <summary>The same requests, with fewer tokens, by callers who read the whole answer.</summary>
    private static async Task StayAsync(Uri[] edges, int requests)
    {
        var next = 0;
        await Task.WhenAll(Enumerable.Range(0, Together).Select(async _ =>
        {
            while (Interlocked.Increment(ref next) is var i && i <= requests)
            {
                using var caller = await SendAsync(edges[i / 2 % edges.Length], stream: i % 2 == 0, choices: 1 + (i % 3), chat: i % 5 == 0, tokens: 4, close: true);
                await caller.GetStream().CopyToAsync(Stream.Null);
            }
        }));
    }

    private static async Task AbandonAsync(Uri[] edges, IGenerationEngine engine, int requests)
    {
        var next = 0;
        await Task.WhenAll(Enumerable.Range(0, Together).Select(async _ =>
        {
            while (Interlocked.Increment(ref next) is var i && i <= requests)
            {
                using var caller = await SendAsync(edges[i / 2 % edges.Length], stream: i % 2 == 0, choices: 1 + (i % 3), chat: i % 5 == 0);
                if (i % 2 == 0)
                {
                    // Some leave with tokens on the way, some before the first.
                    await caller.GetStream().ReadExactlyAsync(new byte[64]);
                }
            }
        }));
        await UntilAsync(engine, c => c is { SlotsInUse: 0, Waiting: 0 });
    }

    private static async Task<TcpClient> SendAsync(Uri address, bool stream, int choices, bool chat, int tokens = 8000, bool close = false)
    {
        var caller = new TcpClient();
        await caller.ConnectAsync(IPAddress.Loopback, address.Port);
        var prompt = chat ? "\"messages\":[{\"role\":\"user\",\"content\":\"A long story.\"}]" : "\"prompt\":\"A long story:\"";
        var body = $$"""{"model":"{{OneRegion.Slow}}",{{prompt}},"n":{{choices}},"stream":{{(stream ? "true" : "false")}},"max_tokens":{{tokens}},"ignore_eos":true}""";
        await caller.GetStream().WriteAsync(Encoding.ASCII.GetBytes(
            $"POST /v1/{(chat ? "chat/" : "")}completions HTTP/1.1\r\nhost: {address.Authority}\r\ncontent-type: application/json\r\ncontent-length: {body.Length}\r\n{(close ? "connection: close\r\n" : "")}\r\n{body}"));
        return caller;
    }

    private static Task UntilAsync(IGenerationEngine engine, Func<GenerationCounters, bool> wanted) =>
        Eventually.HoldsAsync(_ => Task.FromResult(wanted(engine.Counters)), "the engine's counters", Patience, () => engine.Counters.ToString());

    private static async Task<long> ResidentAsync()
    {
        for (var i = 0; i < 3; i++)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
            await Task.Yield();
        }

        return ProcStat.ResidentKiB(Environment.ProcessId);
    }
}
