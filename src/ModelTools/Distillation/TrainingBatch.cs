using Meridian.ModelTools.Corpora;

namespace Meridian.ModelTools.Distillation;

/// <summary>Texts of one update, padded at the end to the longest. What a student is to learn is given for the positions that are none of padding.</summary>
public sealed class TrainingBatch
{
    private TrainingBatch(int rows, int length, int positions, int top)
    {
        (Rows, Length, Positions, Top) = (rows, length, positions, top);
        Inputs = new long[rows * length];
        (Kept, Targets, Drawn) = (new long[positions], new long[positions], new float[positions]);
        (TopIds, TopLogProbabilities) = (new long[positions * top], new float[positions * top]);
    }

    public int Rows { get; }

    /// <value>Number of tokens in a row, with padding.</value>
    public int Length { get; }

    /// <value>Number of positions in all rows, without padding.</value>
    public int Positions { get; }

    /// <value>Number of soft targets for a position.</value>
    public int Top { get; }

    /// <value>[rows, length]: tokens; 0 for padding.</value>
    public long[] Inputs { get; }

    /// <value>[positions]: the index of each position in [rows * length].</value>
    public long[] Kept { get; }

    /// <value>[positions]: the next token.</value>
    public long[] Targets { get; }

    /// <value>[positions]: 1 if the next token was drawn at temperature 1, which is the teacher's own distribution; otherwise 0.</value>
    public float[] Drawn { get; }

    /// <value>[positions, top]: the teacher's likeliest next tokens.</value>
    public long[] TopIds { get; }

    /// <value>[positions, top]</value>
    public float[] TopLogProbabilities { get; }

    /// <param name="texts">At least one, each of two tokens or more, all with the same number of soft targets.</param>
    public static TrainingBatch Of(IReadOnlyList<CorpusText> texts)
    {
        ArgumentNullException.ThrowIfNull(texts);
        var length = texts.Max(static text => text.Tokens.Length) - 1;
        var top = texts[0].TopIds.Length / (texts[0].Tokens.Length - 1);
        var batch = new TrainingBatch(texts.Count, length, texts.Sum(static text => text.Tokens.Length - 1), top);
        var at = 0;
        for (var row = 0; row < texts.Count; row++)
        {
            var text = texts[row];
            for (var i = 0; i < text.Tokens.Length - 1; i++, at++)
            {
                batch.Inputs[(row * length) + i] = text.Tokens[i];
                (batch.Kept[at], batch.Targets[at], batch.Drawn[at]) = ((row * length) + i, text.Tokens[i + 1], text.Temperature == 1 ? 1 : 0);
                for (var j = 0; j < top; j++)
                {
                    batch.TopIds[(at * top) + j] = text.TopIds[(i * top) + j];
                    batch.TopLogProbabilities[(at * top) + j] = (float)text.TopLogProbabilities[(i * top) + j];
                }
            }
        }

        return batch;
    }
}
