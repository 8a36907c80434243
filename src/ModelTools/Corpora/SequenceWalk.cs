using Meridian.Inference.Decoders;
using Meridian.Inference.Decoders.Contract;

namespace Meridian.ModelTools.Corpora;

/// <summary>
/// Runs sequences through a decoder stage, one token of each sequence per step. As many sequences run together as the stage has slots. The sequences alone decide
/// which of them share a step, so the same sequences always get the same logits. An engine cannot promise that, because its callers come and go at any time.
/// </summary>
internal sealed class SequenceWalk(IDecoderStage stage)
{
    /// <summary>Runs sequences to their ends.</summary>
    /// <param name="sequences">The sequences. The next sequence begins when a slot is free.</param>
    /// <param name="stepped">Receives the number of tokens of each step.</param>
    /// <param name="cancellationToken">Ends the run between two steps.</param>
    public void Run(IEnumerable<IWalkedSequence> sequences, Action<int>? stepped = null, CancellationToken cancellationToken = default)
    {
        using var waiting = sequences.GetEnumerator();
        var vocabulary = stage.Shape.Vocabulary;
        var (running, ids, rows) = (new IWalkedSequence?[stage.Slots], new int[stage.Slots], new DecoderRow[stage.Slots]);
        var (lengths, slots) = (new int[stage.Slots], new int[stage.Slots]);
        var logits = new float[(long)stage.Slots * vocabulary];
        var more = true;
        try
        {
            while (true)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var count = 0;
                for (var slot = 0; slot < running.Length; slot++)
                {
                    if (running[slot] is null && more && (more = waiting.MoveNext()))
                        (running[slot], ids[slot], lengths[slot]) = (waiting.Current, waiting.Current.First, 0);
                    if (running[slot] is null)
                        continue;
                    rows[count] = new DecoderRow(slot, lengths[slot]++, slot, 1, WantsLogits: true);
                    slots[count++] = slot;
                }

                if (count == 0)
                    return;
                stage.Forward(rows.AsSpan(0, count), ids, logits.AsSpan(0, count * vocabulary));
                for (var i = 0; i < count; i++)
                {
                    var slot = slots[i];
                    var next = running[slot]!.Next(logits.AsSpan(i * vocabulary, vocabulary));
                    if (next >= 0 && lengths[slot] < stage.Shape.ContextLength)
                    {
                        ids[slot] = next;
                        continue;
                    }

                    running[slot] = null;
                    stage.Release(slot);
                }

                stepped?.Invoke(count);
            }
        }
        finally
        {
            for (var slot = 0; slot < running.Length; slot++)
            {
                if (running[slot] is not null)
                    stage.Release(slot);
            }
        }
    }
}
