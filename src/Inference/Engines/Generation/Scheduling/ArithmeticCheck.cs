using System.Runtime.InteropServices;
using Meridian.Inference.Decoders;
using Meridian.Inference.Decoders.Contract;

namespace Meridian.Inference.Engines.Generation.Scheduling;

/// <summary>
/// Measures at load whether the bits of a result depend on anything but the sequence's own history. It compares a whole prompt with a prompt in pieces, and
/// rows that run alone with rows that run beside others. If a row that runs alone gives other bits, every step of one row gets a second row from then on.
/// </summary>
/// <remarks>
/// A measurement of a few rows is no proof for all rows. It is accepted as one if <c>GroupQueryAttention</c> writes keys and values in place
/// (<see cref="KvLayout.Shared"/>), because its arithmetic is known row by row. Graphs with padding between the tokens are never accepted as exact.
/// </remarks>
internal static class ArithmeticCheck
{
    // More than 64 rows, because some low-bit kernels use another code path from there on.
    private const int Longest = 72;
    private const int Shortest = 8;
    private const int First = 2;
    private const int Second = 3;
    private const int Steps = 3;
    private const int Others = 3;

    // The check computes about four times as many prompt tokens as the longest prompt has.
    private const double TargetMs = 400;

    /// <returns>Whether the same request gives the same bits, whatever runs beside it.</returns>
    public static bool Run(IDecoderStage stage, EngineOptions options, long budget, double promptTokenMs, CancellationToken cancellationToken)
    {
        if (stage.Shape.Layout != KvLayout.Shared)
            return false;
        var affordable = promptTokenMs <= 0 ? Longest : (int)Math.Min(Longest, TargetMs / (4 * promptTokenMs));
        var room = (int)Math.Min(budget / Others, stage.Shape.ContextLength) - Steps;
        var blocks = AttentionBlocks.Of(stage.Shape);
        var length = Math.Min(Math.Max(affordable, Shortest), room);
        while (length >= Shortest && !(blocks.Fits(length) && blocks.Fits(length - First - Second)))
            length--;
        if (length < Shortest)
            return false;
        var part = length / 2;
        while (part > 2 && !(blocks.Fits(part - 1) && blocks.Fits(part) && blocks.Fits(part + 1)))
            part--;
        return part > 2 && new Measurement(stage, Math.Min(stage.Slots, options.MaxSequences), length, part, cancellationToken).Run();
    }

    private sealed class Measurement(IDecoderStage stage, int slots, int length, int part, CancellationToken cancellationToken)
    {
        private readonly int[] _ids = [.. Enumerable.Range(0, length + Steps).Select(i => (int)((13 + (i * 7919L)) % stage.Shape.Vocabulary))];

        public bool Run()
        {
            try
            {
                var whole = Forward(new DecoderRow(0, 0, 0, length, true));
                var alone = Decode(0);
                stage.Truncate(0, length);
                stage.PairsLoneRows = true;
                if (stage.PairsLoneRows)
                {
                    // If the bits are the same, the second row only costs time.
                    var paired = Decode(0);
                    stage.PairsLoneRows = !Same(alone, paired);
                    alone = paired;
                    whole = Again(whole);
                }

                return whole is not null && Pieces(whole) && Company(alone) && Together();
            }
            finally
            {
                for (var slot = 0; slot < Math.Min(Others, slots); slot++)
                    stage.Release(slot);
            }
        }

        // If lone rows are paired, the stage may run prompts differently, so the whole prompt is measured again.
        private float[]? Again(float[] whole)
        {
            if (!stage.PairsLoneRows)
                return whole;
            stage.Release(0);
            return Forward(new DecoderRow(0, 0, 0, length, true));
        }

        private bool Pieces(float[] whole)
        {
            stage.Release(0);
            _ = Forward(new DecoderRow(0, 0, 0, First, false));
            _ = Forward(new DecoderRow(0, First, First, Second, false));
            return Same(whole, Forward(new DecoderRow(0, First + Second, First + Second, length - First - Second, true)));
        }

        // Decodes the slot that was computed in pieces beside slots of other lengths. Both its content and its steps were computed differently from the first
        // run.
        private bool Company(float[] alone)
        {
            if (slots < Others)
                return Same(alone, Decode(0));
            for (var slot = 1; slot < Others; slot++)
                stage.Copy(0, slot, length - (3 * slot));
            var logits = new float[Steps * stage.Shape.Vocabulary];
            for (var step = 0; step < Steps; step++)
            {
                var rows = new DecoderRow[Others];
                for (var slot = 0; slot < Others; slot++)
                    rows[slot] = new DecoderRow(slot, stage.Length(slot), stage.Length(slot), 1, slot == 0);
                Forward(rows).CopyTo(logits.AsSpan(step * stage.Shape.Vocabulary));
            }

            return Same(alone, logits);
        }

        // Runs a prompt beside a longer and a shorter one.
        private bool Together()
        {
            if (slots < Others)
                return true;
            for (var slot = 0; slot < Others; slot++)
                stage.Release(slot);
            var alone = Forward(new DecoderRow(0, 0, 0, part, true));
            stage.Release(0);
            return Same(alone, Forward(new DecoderRow(0, 0, 0, part, true), new DecoderRow(1, 0, 1, part + 1, false), new DecoderRow(2, 0, 1, part - 1, false)));
        }

        private float[] Decode(int slot)
        {
            var logits = new float[Steps * stage.Shape.Vocabulary];
            for (var step = 0; step < Steps; step++)
                Forward(new DecoderRow(slot, length + step, length + step, 1, true)).CopyTo(logits.AsSpan(step * stage.Shape.Vocabulary));
            return logits;
        }

        private float[] Forward(params DecoderRow[] rows)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var logits = new float[rows.Count(r => r.WantsLogits) * stage.Shape.Vocabulary];
            stage.Forward(rows, _ids, logits);
            return logits;
        }

        private static bool Same(float[] one, float[] other) => MemoryMarshal.AsBytes(one.AsSpan()).SequenceEqual(MemoryMarshal.AsBytes(other.AsSpan()));
    }
}
