using CsCheck;
using Meridian.Inference.Decoders;
using Meridian.Inference.Decoders.Contract;
using Microsoft.ML.OnnxRuntime;

namespace Meridian.Inference.Tests.Decoders;

/// <summary>Runs that ONNX Runtime refuses: here by an id that the embedding does not have.</summary>
public sealed class FailedRunTests(MadeModels models) : IClassFixture<MadeModels>
{
    private const int Slots = 6;
    private const int NoToken = 100_000;

    /// <summary>After the rows of a failed call are released, all slots are as if that call had never been: those that were not in it hold what they held.</summary>
    [Theory]
    [InlineData(KvLayout.Concatenated)]
    [InlineData(KvLayout.Shared)]
    [InlineData(KvLayout.Merged)]
    public async Task A_failed_run_costs_the_slots_of_its_rows_and_no_others(KvLayout layout)
    {
        var (package, plain) = await models.GetAsync(layout);
        using var stage = OnnxDecoderStage.Load(package, new DecoderStageOptions { Slots = Slots });
        var failures = 0;
        Gen.Select(Gen.Int[1, 7].Array[Slots], Gen.Int[1, 5].Array[Slots], Gen.Int[0, 3].Array[Slots], Gen.Int[0, Slots - 1]).Sample(
            (lengths, counts, kinds, bad) =>
            {
                for (var slot = 0; slot < Slots; slot++)
                    stage.Release(slot);
                var held = lengths.Select((length, slot) => Enumerable.Range(0, length).Select(i => 20 + ((slot * 7) + (i * 3)) % 200).ToList()).ToArray();
                for (var slot = 0; slot < Slots; slot++)
                {
                    // Some begin, some go on by one token, some by several.
                    if (kinds[slot] != 0)
                        Step(slot, held[slot], 0);
                    else
                        held[slot].Clear();
                }

                var members = Enumerable.Range(0, Slots).Where(slot => slot == bad || kinds[slot] != 3).ToArray();
                var ids = new List<int>();
                var rows = new List<DecoderRow>();
                foreach (var slot in members)
                {
                    var count = kinds[slot] == 1 ? 1 : counts[slot];
                    rows.Add(new DecoderRow(slot, held[slot].Count, ids.Count, count, true));
                    ids.AddRange(Enumerable.Repeat(slot == bad ? NoToken : 30 + slot, count));
                }

                Assert.Throws<OnnxRuntimeException>(() => stage.Forward([.. rows], [.. ids], new float[rows.Count * stage.Shape.Vocabulary]));
                failures++;
                foreach (var slot in members)
                {
                    stage.Release(slot);
                    Step(slot, held[slot] = [40 + slot, 41, 42], 0);
                }

                for (var slot = 0; slot < Slots; slot++)
                {
                    held[slot].Add(50 + slot);
                    Step(slot, held[slot], held[slot].Count - 1);
                }
            },
            iter: 60,
            threads: 1);
        Assert.True(failures >= 60);

        void Step(int slot, List<int> tokens, int from)
        {
            Assert.Equal(from, stage.Length(slot));
            var logits = new float[stage.Shape.Vocabulary];
            stage.Forward([new DecoderRow(slot, from, 0, tokens.Count - from, true)], tokens.Skip(from).ToArray(), logits);
            var expected = plain.Logits(tokens);
            for (var i = 0; i < logits.Length; i++)
                Assert.True(Math.Abs(logits[i] - expected[i]) <= 1e-4f, $"slot {slot} after {tokens.Count} tokens: logit {i} is {logits[i]}, expected {expected[i]}");
        }
    }
}
