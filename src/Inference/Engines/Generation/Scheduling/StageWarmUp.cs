using Meridian.Inference.Decoders;
using Meridian.Inference.Decoders.Contract;

namespace Meridian.Inference.Engines.Generation.Scheduling;

/// <summary>Runs a few input shapes before the engine reports ready, because the first runs of a session allocate its arena and are slow.</summary>
internal static class StageWarmUp
{
    private const int PromptTokens = 32;
    private const int Rows = 8;
    private const int Steps = 4;

    /// <returns>Shortest measured time of a step of one sequence, and of a prompt token, ms.</returns>
    public static (double DecodeMs, double PromptTokenMs) Run(IDecoderStage stage, EngineOptions options, long budget, TimeProvider time, CancellationToken cancellationToken)
    {
        var rows = Math.Min(Rows, Math.Min(stage.Slots, options.MaxSequences));
        var length = (int)Math.Clamp(Math.Min(budget, stage.Shape.ContextLength) - Steps, 1, PromptTokens);
        var logits = new float[rows * stage.Shape.Vocabulary];
        var ids = new int[Math.Max(rows, length)];
        var promptMs = double.MaxValue;
        for (var i = 0; i < 2; i++)
        {
            promptMs = Math.Min(promptMs, Timed([new DecoderRow(0, 0, 0, length, true)]));
            if (i == 0)
                stage.Release(0);
        }

        var decodeMs = double.MaxValue;
        for (var i = 0; i < Steps && length + i < stage.Shape.ContextLength; i++)
            decodeMs = Math.Min(decodeMs, Timed([new DecoderRow(0, length + i, 0, 1, true)]));
        stage.Release(0);
        var batch = new DecoderRow[rows];
        for (var step = 0; step < 2; step++)
        {
            for (var row = 0; row < rows; row++)
                batch[row] = new DecoderRow(row, step, row, 1, true);
            _ = Timed(batch);
        }

        for (var row = 0; row < rows; row++)
            stage.Release(row);
        return (decodeMs == double.MaxValue ? promptMs : decodeMs, promptMs / length);

        double Timed(ReadOnlySpan<DecoderRow> step)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var started = time.GetTimestamp();
            stage.Forward(step, ids, logits);
            return time.GetElapsedTime(started).TotalMilliseconds;
        }
    }

    /// <summary>Runs a prompt and one more token in an empty slot, as <see cref="Run"/> did. The caller must release the content of the slot.</summary>
    public static void Probe(IDecoderStage stage, int slot, long budget)
    {
        var length = (int)Math.Clamp(Math.Min(budget, stage.Shape.ContextLength) - 1, 1, PromptTokens);
        var logits = new float[stage.Shape.Vocabulary];
        var ids = new int[length];
        stage.Forward([new DecoderRow(slot, 0, 0, length, true)], ids, logits);
        if (length < Math.Min(budget, stage.Shape.ContextLength))
            stage.Forward([new DecoderRow(slot, length, 0, 1, true)], ids, logits);
    }
}
