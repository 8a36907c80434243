using CsCheck;
using Meridian.Inference.Sampling;

namespace Meridian.Inference.Tests.Sampling;

public sealed class SamplerTests
{
    public static TheoryData<SamplingSettings, string, int> Distributions
    {
        get
        {
            var data = new TheoryData<SamplingSettings, string, int>();
            SamplingSettings[] settings =
            [
                new(),
                new() { Temperature = 0.3f },
                new() { Temperature = 2 },
                new() { TopK = 1 },
                new() { TopK = 5 },
                new() { TopK = 90, Temperature = 1.5f },
                new() { TopP = 0.9f },
                new() { TopP = 0.5f, Temperature = 0.7f },
                new() { TopP = 0.01f },
                new() { MinP = 0.1f },
                new() { MinP = 1 },
                new() { TopK = 40, TopP = 0.8f },
                new() { TopK = 20, TopP = 0.95f, MinP = 0.05f, Temperature = 0.6f },
                new() { TopP = 0.99f, MinP = 0.02f, Temperature = 1.3f },
                new() { LogitBias = [(3, 5), (7, -100), (0, 1.5f), (3, -1)], TopP = 0.9f },
                new() { RepetitionPenalty = 1.3f, PresencePenalty = 0.5f, FrequencyPenalty = 0.7f, Temperature = 0.8f, TopK = 50, TopP = 0.9f, LogitBias = [(2, -3)] },
                new() { RepetitionPenalty = 0.7f, PresencePenalty = -2, FrequencyPenalty = -0.5f },
            ];
            foreach (var setting in settings)
            {
                foreach (var shape in new[] { "peaked", "flat", "equal", "steps" })
                    data.Add(setting, shape, 101);
            }

            foreach (var shape in new[] { "peaked", "flat" })
            {
                data.Add(new() { TopP = 0.9f }, shape, 5003);
                data.Add(new() { TopK = 50 }, shape, 5003);
                data.Add(new() { TopK = 700, TopP = 0.95f, MinP = 0.001f }, shape, 5003);
                data.Add(new(), shape, 5003);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Distributions), DisableDiscoveryEnumeration = true)]
    public void Draws_follow_the_reference(SamplingSettings settings, string shape, int vocabulary)
    {
        var logits = Logits(shape, vocabulary);
        int[] generated = [1, 2, 2, 9, 9, 9, 50, 3];
        var counts = new int[vocabulary];
        var span = new float[vocabulary];
        const int draws = 8_000;
        for (var draw = 0; draw < draws; draw++)
        {
            logits.CopyTo(span, 0);

            // A new one each time: the penalties shall see the same ids.
            var sampler = new Sampler(settings with { Seed = 5 }, choice: draw & 3, vocabulary);
            sampler.Restore(generated);
            counts[sampler.Sample(span, draw >> 2)]++;
        }

        ReferenceDistribution.AssertDrawnFrom(ReferenceDistribution.Of(logits, settings, generated), counts);
    }

    [Fact]
    public void The_candidates_of_a_large_vocabulary_are_the_references()
    {
        Gen.Select(Gen.Int[1, 3000], Gen.Int[0, 400], Gen.Float[0.01f, 1f], Gen.Int[0, 3]).Sample(
            (vocabulary, topK, topP, kind) =>
            {
                var logits = Logits(kind switch { 0 => "peaked", 1 => "flat", 2 => "equal", _ => "steps" }, vocabulary);
                var settings = new SamplingSettings { TopK = topK, TopP = topP };
                var expected = ReferenceDistribution.Of(logits, settings, []);
                var weights = logits.Select(l => MathF.Exp(l - logits.Max())).ToArray();
                if (topK > 0)
                    Candidates.KeepTop(weights, topK);
                if (topP < 1)
                    Candidates.KeepMass(weights, topP);
                var kept = weights.Select((w, i) => (w, i)).Where(c => c.w > 0).Select(c => c.i).ToArray();
                var wanted = expected.Select((p, i) => (p, i)).Where(c => c.p > 0).Select(c => c.i).ToArray();

                // float32 sums may put the edge of top_p one candidate further or nearer.
                Assert.True(kept.Except(wanted).Count() + wanted.Except(kept).Count() <= (topP < 1 ? 1 : 0), $"{kept.Length} candidates instead of {wanted.Length}");
                Assert.NotEmpty(kept);
            },
            iter: 3000);
    }

    [Fact]
    public void Penalties_and_bias_shift_logits_exactly()
    {
        var settings = new SamplingSettings { Temperature = 0, RepetitionPenalty = 2, PresencePenalty = 0.25f, FrequencyPenalty = 0.5f, LogitBias = [(0, -8), (4, 3)] };
        var sampler = new Sampler(settings, 0, 6);
        sampler.Restore([1, 1, 2, 4]);
        float[] logits = [9, 4, -1, 1.5f, 1, 0];
        var span = logits.ToArray();
        var chosen = sampler.Sample(span, 4);
        Assert.Equal([1, 4 / 2 - 1 - 0.25f, (-1 * 2) - 0.5f - 0.25f, 1.5f, ((1 + 3) / 2) - 0.5f - 0.25f, 0], span);
        Assert.Equal(3, chosen);

        // What was chosen counts from now on.
        logits.CopyTo(span, 0);
        sampler.Sample(span, 5);
        Assert.Equal((1.5f / 2) - 0.5f - 0.25f, span[3]);
        Assert.Equal(ReferenceDistribution.Logits(logits, settings, [1, 1, 2, 4, 3]), span.Select(l => (double)l));
    }

    [Fact]
    public void A_restored_sampler_goes_on_like_one_that_was_never_interrupted()
    {
        var settings = new SamplingSettings { RepetitionPenalty = 1.2f, PresencePenalty = 0.3f, FrequencyPenalty = 0.2f, TopP = 0.9f, Seed = 77 };
        var whole = Run(new Sampler(settings, 1, 300), 0, 40);
        for (var cut = 0; cut < 40; cut += 7)
        {
            var rest = new Sampler(settings, 1, 300);
            rest.Restore(whole.AsSpan(0, cut));
            Assert.Equal(whole[cut..], Run(rest, cut, 40));
        }

        static int[] Run(Sampler sampler, int from, int to) =>
            [.. Enumerable.Range(from, to - from).Select(position => sampler.Sample(Logits("flat", 300, position), position))];
    }

    [Fact]
    public void Greedy_takes_the_largest_and_of_equals_the_first()
    {
        Gen.Int[-3, 3].Array[1, 70].Sample(values =>
        {
            var logits = values.Select(v => v == 0 ? -0f : v).ToArray();
            Assert.Equal(Array.IndexOf(values, values.Max()), new Sampler(new() { Temperature = 0 }, 0, values.Length).Sample(logits, 0));
        });
        Assert.Equal(0, new Sampler(new() { Temperature = 0 }, 0, 2).Sample([-0f, 0f], 0));
        Assert.Equal(1, new Sampler(new() { Temperature = 0 }, 0, 3).Sample([0.1f, 0.1f + 1e-7f, 0.1f], 0));
        Assert.Equal(1, new Sampler(new() { Temperature = 1e-45f }, 0, 3).Sample([0.1f, 0.2f, 0.1f], 0));
        Assert.Equal(1, new Sampler(new() { Temperature = 2e-5f }, 0, 3).Sample([0.1f, 0.2f, 0.1f], 0));
        Assert.Equal(1, new Sampler(new() { MinP = 1 }, 0, 3).Sample([0.1f, 0.2f, 0.1f], 0));
    }

    [Fact]
    public void Choices_and_positions_draw_independently()
    {
        const int vocabulary = 16;
        var settings = new SamplingSettings { Seed = 11 };

        // Pairs of draws that differ in one coordinate are uniform over all pairs.
        foreach (var pair in new Func<int, ((int Choice, int Position) A, (int Choice, int Position) B)>[]
        {
            i => ((0, i), (1, i)),
            i => ((0, 2 * i), (0, (2 * i) + 1)),
            i => ((i, 0), (i, 1)),
        })
        {
            var counts = new int[vocabulary * vocabulary];
            for (var i = 0; i < 20_000; i++)
            {
                var (a, b) = pair(i);
                counts[(Draw(settings, a) * vocabulary) + Draw(settings, b)]++;
            }

            ReferenceDistribution.AssertDrawnFrom([.. Enumerable.Repeat(1.0 / counts.Length, counts.Length)], counts);
        }

        Assert.NotEqual(
            Enumerable.Range(0, 50).Select(i => Draw(settings, (0, i))),
            Enumerable.Range(0, 50).Select(i => Draw(settings with { Seed = 11 + (1L << 32) }, (0, i))));

        static int Draw(SamplingSettings settings, (int Choice, int Position) at) =>
            new Sampler(settings, at.Choice, vocabulary).Sample(new float[vocabulary], at.Position);
    }

    [Theory]
    [InlineData(0f)]
    [InlineData(1f)]
    public void Logits_that_are_no_numbers_have_a_defined_outcome(float temperature)
    {
        foreach (var settings in new SamplingSettings[] { new() { Temperature = temperature }, new() { Temperature = temperature, TopK = 3, TopP = 0.5f, MinP = 0.2f, RepetitionPenalty = 1.1f, LogitBias = [(1, 4)] } })
        {
            foreach (var length in new[] { 1, 5, 40 })
            {
                var nan = Enumerable.Repeat(float.NaN, length).ToArray();
                Assert.Equal(0, Sample(settings, nan));
                Assert.Equal(0, Sample(settings, [.. Enumerable.Repeat(float.NegativeInfinity, length)]));
                nan[length / 2] = -30;
                Assert.Equal(length / 2, Sample(settings, nan));
                var infinite = Enumerable.Repeat(3f, length).ToArray();
                infinite[length - 1] = float.PositiveInfinity;
                infinite[0] = length == 1 ? float.PositiveInfinity : float.NaN;
                Assert.Equal(length - 1, Sample(settings, infinite));
            }
        }

        static int Sample(SamplingSettings settings, float[] logits) => new Sampler(settings, 0, Math.Max(2, logits.Length)).Sample(logits.Length == 1 ? [logits[0], float.NaN] : logits.ToArray(), 3);
    }

    [Fact]
    public void A_bias_outside_the_vocabulary_is_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new Sampler(new() { LogitBias = [(10, 1)] }, 0, 10));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Sampler(new() { LogitBias = [(-1, 1)] }, 0, 10));
    }

    [Fact]
    public void A_token_costs_no_allocation()
    {
        var settings = new SamplingSettings { TopK = 40, TopP = 0.9f, MinP = 0.01f, PresencePenalty = 0.1f, LogitBias = [(1, 2)] };
        var sampler = new Sampler(settings, 0, 4000);
        var logits = Logits("flat", 4000);
        var span = new float[4000];
        for (var position = 0; position < 100; position++)
            Next(position);
        sampler.Restore([.. Enumerable.Range(0, 4000)]);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var position = 0; position < 100; position++)
            Next(position);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Next(int position)
        {
            logits.CopyTo(span, 0);
            sampler.Sample(span, position);
        }
    }

    private static float[] Logits(string shape, int vocabulary, int seed = 1)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, vocabulary).Select(i => shape switch
        {
            "peaked" => (float)(-Math.Log(1 - random.NextDouble()) * 2) + (i % 37 == 0 ? 3 : 0),
            "flat" => (float)random.NextDouble(),
            "equal" => 0.5f,
            _ => random.Next(4) - 1.5f,
        })];
    }
}
