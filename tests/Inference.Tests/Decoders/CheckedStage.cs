using Meridian.Inference.Decoders;
using Meridian.Inference.Decoders.Contract;

namespace Meridian.Inference.Tests.Decoders;

/// <summary>A stage beside what each slot should hold; every logit it gives is compared with the plain model's.</summary>
internal sealed class CheckedStage(IDecoderStage stage, PlainModel plain, float tolerance = 1e-4f)
{
    private readonly List<int>[] _held = [.. Enumerable.Range(0, stage.Slots).Select(_ => new List<int>())];

    /// <value>The largest difference seen.</value>
    public float Worst { get; private set; }

    public IReadOnlyList<int> Held(int slot) => _held[slot];

    public int Room(int slot) => stage.Shape.ContextLength - _held[slot].Count;

    /// <summary>Runs rows and returns the most probable next id of each that wants to know.</summary>
    public int[] Forward(params (int Slot, int[] Ids, bool Wants)[] rows)
    {
        var ids = new List<int>();
        var described = new List<DecoderRow>();
        foreach (var (slot, tokens, wants) in rows)
        {
            described.Add(new DecoderRow(slot, _held[slot].Count, ids.Count, tokens.Length, wants));
            ids.AddRange(tokens);
            _held[slot].AddRange(tokens);
        }

        var vocabulary = stage.Shape.Vocabulary;
        var logits = new float[rows.Count(r => r.Wants) * vocabulary];
        stage.Forward([.. described], [.. ids], logits);
        var best = new List<int>();
        foreach (var (slot, _, _) in rows.Where(r => r.Wants))
        {
            var actual = logits.AsSpan(best.Count * vocabulary, vocabulary);
            var expected = plain.Logits(_held[slot]);
            for (var i = 0; i < vocabulary; i++)
            {
                var difference = Math.Abs(actual[i] - expected[i]);
                Assert.True(difference <= tolerance, $"slot {slot} after {_held[slot].Count} tokens: logit {i} is {actual[i]}, expected {expected[i]}");
                Worst = Math.Max(Worst, difference);
            }

            best.Add(System.Numerics.Tensors.TensorPrimitives.IndexOfMax(actual));
        }

        Agree();
        return [.. best];
    }

    public void Truncate(int slot, int length)
    {
        stage.Truncate(slot, length);
        _held[slot].RemoveRange(length, _held[slot].Count - length);
        Agree();
    }

    public void Copy(int source, int target, int length)
    {
        stage.Copy(source, target, length);
        var copied = _held[source].Take(length).ToList();
        _held[target].Clear();
        _held[target].AddRange(copied);
        Agree();
    }

    public void Release(int slot)
    {
        stage.Release(slot);
        _held[slot].Clear();
        Agree();
    }

    private void Agree()
    {
        for (var slot = 0; slot < _held.Length; slot++)
            Assert.Equal(_held[slot].Count, stage.Length(slot));
    }
}
