using CsCheck;
using Meridian.Inference.Engines.Generation.Scheduling;

namespace Meridian.Inference.Tests.Engines.Generation;

public sealed class FairQueueTests
{
    private long _arrivals;

    [Fact]
    public void Tenants_that_always_wait_are_served_alike() =>
        Gen.Int[1, 30].Array[2, 6].Sample(costs =>
        {
            // Each tenant's requests cost something of their own; the costs served must come out the same.
            var queue = new FairQueue();
            var served = new long[costs.Length];
            for (var tenant = 0; tenant < costs.Length; tenant++)
                Add(queue, tenant);
            for (var i = 0; i < 2000; i++)
            {
                var next = queue.Next(_ => true)!;
                queue.Remove(next);
                var tenant = int.Parse(next.Tenant, System.Globalization.CultureInfo.InvariantCulture);
                next.Line.Served += costs[tenant];
                served[tenant] += costs[tenant];
                Add(queue, tenant);
            }

            Assert.InRange(served.Max() - served.Min(), 0, costs.Max());
        });

    [Fact]
    public void Who_was_away_has_saved_up_nothing()
    {
        var queue = new FairQueue();
        var first = Add(queue, 0);
        first.Line.Served = 1000;
        var second = Add(queue, 1);
        Assert.Equal(1000, second.Line.Served);
        queue.Remove(first);
        queue.Remove(second);
        second.Line.Served = 2000;
        queue.Sweep();
        Assert.Equal(2000, Add(queue, 2).Line.Served);

        // Nor does leaving and coming back make anybody begin anew.
        Assert.Equal(2000, Add(queue, 1).Line.Served);
    }

    [Fact]
    public void A_sequence_that_gave_way_is_in_its_old_place_again()
    {
        var queue = new FairQueue();
        var old = Add(queue, 0);
        queue.Remove(old);
        var young = Add(queue, 0);
        queue.Add(old);
        Assert.Same(old, queue.Next(_ => true));
        Assert.Same(young, queue.Next(s => s != old));
        Assert.Null(queue.Next(_ => false));
        var removed = new List<GenerationSequence>();
        queue.RemoveAll(s => s == old, removed);
        Assert.Equal([old], removed);
        Assert.Equal(1, queue.Count);
    }

    private GenerationSequence Add(FairQueue queue, int tenant)
    {
        var sequence = new GenerationSequence(null!, 0, new PromptRun([1]), [], 2, false, null!, null!, null) { Tenant = $"{tenant}", Reproducible = false, Arrival = ++_arrivals };
        queue.Add(sequence);
        return sequence;
    }
}
