using CsCheck;
using Meridian.Grains.Replicas;
using Meridian.Grains.Tests.Fakes;
using Meridian.Inference.Engines;
using Meridian.Messages;
using Microsoft.Extensions.DependencyInjection;

namespace Meridian.Grains.Tests.Routing;

public sealed class LeaseTests
{
    private enum Exit
    {
        Answer,
        Refusal,
        Exception,
        Cancelled,
        Deadline,
        Wrong,
    }

    [Fact]
    public void A_lease_counts_until_it_is_disposed_and_only_once() => Gen.Int[1, 50].List[1, 30].Sample(items =>
    {
        var leases = new ReplicaLeases();
        var taken = items.Select(n => leases.Take("a", n)).ToArray();
        Assert.Equal(items.Sum(), leases.InFlight("a"));
        foreach (var lease in taken)
        {
            lease.Dispose();
            lease.Dispose();
        }

        Assert.Equal(0, leases.InFlight("a"));
    });

    [Fact]
    public async Task Whatever_ends_a_request_gives_its_lease_back()
    {
        var engines = new TestEngines { Embed = (_, work, token) => End(Enum.Parse<Exit>(work.Texts![0]), work, token) };
        await using var region = await RegionCluster.StartAsync(o => o.Models.Add(new() { Name = "echo", Replicas = 3 }), engines: engines);
        await region.ServesAsync("echo", 3);
        var leases = region.Silo().GetRequiredService<ReplicaLeases>();

        await Gen.Enum<Exit>().List[1, 24].SampleAsync(
            async exits =>
            {
                await Task.WhenAll(exits.Select(async exit =>
                {
                    using var caller = new CancellationTokenSource();
                    var request = RegionCluster.Request("echo", exit.ToString(), "second") with { RemainingMs = exit == Exit.Deadline ? 20 : 30_000 };
                    if (exit == Exit.Wrong) request = request with { Version = "nosuch" };
                    if (exit == Exit.Cancelled) caller.CancelAfter(5);
                    try
                    {
                        var reply = await region.Local().InferAsync(request, caller.Token);
                        Assert.Equal(
                            exit switch { Exit.Answer => null, Exit.Refusal => RefusalCode.NoCapacity, Exit.Exception => RefusalCode.Internal, Exit.Wrong => RefusalCode.NotReady, _ => RefusalCode.Deadline },
                            reply.Refusal?.Code);
                    }
                    catch (OperationCanceledException)
                    {
                        Assert.Equal(Exit.Cancelled, exit);
                    }
                }));

                // A cancelled caller returns before its router has: the lease goes a moment later.
                await region.TableAsync("echo", _ => leases.Total == 0);
            },
            iter: 20,
            threads: 1);
    }

    private static async ValueTask<EmbeddingOutcome> End(Exit exit, EmbeddingWork work, CancellationToken token)
    {
        switch (exit)
        {
            case Exit.Answer:
                await Task.Yield();
                return TestEngine.Done(work);
            case Exit.Refusal:
                return new EmbeddingOutcome { Status = EmbeddingStatus.QueueFull, Message = "full", RetryAfterMs = 10 };
            case Exit.Exception:
                await Task.Yield();
                throw new InvalidOperationException("broken");
            default:
                await Task.Delay(Timeout.Infinite, token);
                throw new InvalidOperationException("never");
        }
    }
}
