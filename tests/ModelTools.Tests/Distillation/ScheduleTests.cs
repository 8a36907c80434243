using CsCheck;
using Meridian.ModelTools.Distillation;

namespace Meridian.ModelTools.Tests.Distillation;

public sealed class ScheduleTests
{
    private static readonly Gen<int[]> Lengths = Gen.Int[2, 300].Array[1, 400];

    [Fact]
    public void Every_epoch_takes_each_text_once_in_batches_that_fit() => Gen.Select(Lengths, Gen.Int[16, 4096], Gen.Int).Sample((lengths, size, seed) =>
    {
        var schedule = new BatchSchedule(lengths, size, seed);
        var step = 0;
        for (var epoch = 0; epoch < 2; epoch++)
        {
            var taken = new List<int>();
            while (taken.Count < lengths.Length)
            {
                var batch = schedule.At(step++);
                Assert.True(batch.Length == 1 || batch.Length * batch.Max(number => lengths[number]) <= size);
                taken.AddRange(batch);
            }

            Assert.Equal(Enumerable.Range(0, lengths.Length), taken.Order());
        }
    });

    [Fact]
    public void Whoever_goes_on_at_a_step_gets_the_batch_that_would_have_come() => Gen.Select(Lengths, Gen.Int[16, 4096], Gen.Int, Gen.Int[0, 200]).Sample((lengths, size, seed, step) =>
    {
        var first = new BatchSchedule(lengths, size, seed);
        for (var i = 0; i < step; i++)
            first.At(i);

        Assert.Equal(first.At(step), new BatchSchedule(lengths, size, seed).At(step));
    });

    [Fact]
    public void Orders_differ_between_epochs_and_seeds()
    {
        var lengths = Enumerable.Range(0, 200).Select(i => 2 + (i % 50)).ToArray();

        Assert.NotEqual(Order(1), Order(2));

        string Order(int seed) => string.Join(' ', Enumerable.Range(0, 10).SelectMany(new BatchSchedule(lengths, 256, seed).At));
    }

    [Fact]
    public void Texts_of_like_length_come_together()
    {
        var lengths = Enumerable.Range(0, 5000).Select(i => 2 + (i * 37 % 500)).ToArray();
        var schedule = new BatchSchedule(lengths, 8192, 1);
        long tokens = 0, padded = 0;
        for (var (step, texts) = (0, 0); texts < lengths.Length; step++)
        {
            var batch = schedule.At(step);
            texts += batch.Length;
            tokens += batch.Sum(number => lengths[number]);
            padded += batch.Length * batch.Max(number => lengths[number]);
        }

        Assert.True(tokens > 0.9 * padded, $"{tokens} tokens in {padded}");
    }

    [Fact]
    public void The_learning_rate_rises_linearly_and_falls_by_half_a_cosine()
    {
        var rate = new LearningRate(0.01, 10, 110, 0.1);

        Assert.Equal(0.001, rate.At(0), 9);
        Assert.Equal(0.01, rate.At(9), 9);
        Assert.Equal(0.01, rate.At(10), 9);
        Assert.Equal(0.0055, rate.At(60), 9);
        Assert.Equal(0.001, rate.At(110), 9);
        Assert.Equal(0.001, rate.At(500), 9);
    }
}
