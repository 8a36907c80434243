using CsCheck;
using Meridian.Inference.Engines.Embeddings;

namespace Meridian.Inference.Tests.Engines;

public sealed class LengthQueueTests
{
    private const int MaxLength = 64;

    private static readonly Gen<BatchLimits> Limits = Gen.Select(Gen.Int[1, 16], Gen.Int[1, 256], Gen.Float[0, 0.5f], (items, tokens, share) => new BatchLimits(items, tokens, share));

    // A call is the lengths of its items; an empty one stands for taking a batch, a single negative for removing the call with that number.
    private static readonly Gen<int[]> Step = Gen.Frequency(
        (4, Gen.Int[1, MaxLength].Array[1, 12]),
        (3, Gen.Const(Array.Empty<int>())),
        (1, Gen.Int[-20, -1].Select(i => new[] { i })));

    [Fact]
    public void Nothing_is_lost_or_taken_twice_and_every_batch_keeps_its_bounds() =>
        Gen.Select(Limits, Step.List[0, 60]).Sample((limits, steps) =>
        {
            var queue = new LengthQueue(MaxLength);
            var calls = new List<EmbeddingCall>();
            var waiting = new HashSet<EmbeddingItem>();
            var batch = new List<EmbeddingItem>();
            foreach (var step in steps)
            {
                if (step is [])
                    TakeOne();
                else if (step[0] > 0)
                    Add(step);
                else if (-step[0] <= calls.Count)
                    Assert.Equal(waiting.RemoveWhere(i => i.Call == calls[-step[0] - 1]), queue.Remove(calls[-step[0] - 1]));
                Assert.Equal(waiting.Count, queue.Count);
                Assert.Equal(waiting.Count == 0, queue.Turn is null);
            }

            while (waiting.Count > 0)
                TakeOne();
            Assert.Equal(0, queue.Take(batch, limits));
            Assert.Empty(batch);

            void Add(int[] lengths)
            {
                var call = Call(lengths);
                calls.Add(call);
                queue.Add(call);
                waiting.UnionWith(call.Items);
            }

            void TakeOne()
            {
                var turn = queue.Turn;
                var first = turn?.Items.FirstOrDefault(waiting.Contains);
                var longest = queue.Take(batch, limits);
                Assert.Equal(first is null, batch.Count == 0);
                if (first is null)
                    return;
                Assert.Same(first, batch[0]);
                Assert.Equal(batch.Max(i => i.Length), longest);
                Assert.All(batch, item => Assert.True(waiting.Remove(item)));
                if (batch.Count > 1)
                    Assert.True(limits.Allow(batch.Count, longest, batch.Sum(i => i.Length)));
                foreach (var same in batch.Skip(1).GroupBy(i => i.Length))
                    Assert.DoesNotContain(waiting, w => w.Length == same.Key && calls.IndexOf(w.Call) < same.Max(i => calls.IndexOf(i.Call)));
            }
        });

    [Fact]
    public void A_call_waits_for_no_more_batches_than_there_were_calls_before_it() =>
        Gen.Select(Limits, Gen.Int[1, MaxLength].Array[1, 30].List[1, 12]).Sample((limits, before) =>
        {
            var queue = new LengthQueue(MaxLength);
            foreach (var lengths in before)
                queue.Add(Call(lengths));
            var late = Call([7]);
            queue.Add(late);
            var batch = new List<EmbeddingItem>();
            for (var taken = 0; late.Items[0].Queued; taken++)
            {
                Assert.True(taken <= before.Count);
                queue.Take(batch, limits);

                // Later arrivals do not push it back.
                queue.Add(Call([7, 8, 9]));
            }
        });

    [Fact]
    public void Equal_lengths_fill_a_batch_and_a_long_item_pads_nobody()
    {
        var queue = new LengthQueue(MaxLength);
        queue.Add(Call([8, 60, 8, 8, 9, 8]));
        var batch = new List<EmbeddingItem>();
        Assert.Equal(9, queue.Take(batch, new BatchLimits(16, 256, 0.1f)));
        Assert.Equal([8, 8, 8, 8, 9], batch.Select(i => i.Length));
        Assert.Equal(60, queue.Take(batch, new BatchLimits(16, 256, 0.1f)));
        Assert.Single(batch);
    }

    [Fact]
    public void A_single_item_may_exceed_the_token_bound()
    {
        var queue = new LengthQueue(MaxLength);
        queue.Add(Call([64, 64]));
        var batch = new List<EmbeddingItem>();
        Assert.Equal(64, queue.Take(batch, new BatchLimits(16, 32, 0.1f)));
        Assert.Single(batch);
    }

    private static EmbeddingCall Call(int[] lengths) => new([.. lengths.Select(l => new uint[l])], 1);
}
