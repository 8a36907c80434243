using Meridian.ModelTools.Llama;

namespace Meridian.ModelTools.Distillation;

/// <summary>Weights that training begins with, the same for a seed on every machine.</summary>
public static class StudentStart
{
    private const float EmbeddingDeviation = 0.05f;

    /// <summary>Weights that know nothing: a third of fan-in as variance, and what adds to the residual stream scaled down by its additions.</summary>
    public static LlamaWeights Random(LlamaConfig config, int seed)
    {
        ArgumentNullException.ThrowIfNull(config);
        var made = RandomWeights.Make(config, seed);
        var (hidden, queries) = (config.Hidden, config.Heads * config.HeadDimension);
        var added = 1 / MathF.Sqrt(2f * config.Layers);
        return made with
        {
            Embedding = Scaled(made.Embedding, EmbeddingDeviation),
            Layers = [.. made.Layers.Select(layer => layer with
            {
                InputNorm = Filled(hidden, 1),
                Query = Linear(layer.Query, hidden),
                Key = Linear(layer.Key, hidden),
                Value = Linear(layer.Value, hidden),
                Output = Linear(layer.Output, queries, added),
                MlpNorm = Filled(hidden, 1),
                Gate = Linear(layer.Gate, hidden),
                Up = Linear(layer.Up, hidden),
                Down = Linear(layer.Down, config.Intermediate, added),
            })],
            FinalNorm = Filled(hidden, 1),
        };

        static float[] Linear(ReadOnlyMemory<float> values, int inputs, float gain = 1) => Scaled(values, gain / MathF.Sqrt(3f * inputs));

        // The made weights are of zero mean; only their scale is for models that nobody trains.
        static float[] Scaled(ReadOnlyMemory<float> values, float deviation)
        {
            var square = 0.0;
            foreach (var value in values.Span)
                square += value * value;
            var factor = deviation / (float)Math.Sqrt(square / values.Length);
            var scaled = new float[values.Length];
            for (var i = 0; i < scaled.Length; i++)
                scaled[i] = values.Span[i] * factor;
            return scaled;
        }
    }

    /// <summary>Why a student cannot begin with its teacher's weights; null where it can.</summary>
    public static string? Unfit(LlamaConfig config, LlamaConfig teacher)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(teacher);
        if (!teacher.TieEmbeddings)
            return "the teacher's output layer has weights of its own";
        if ((config.Heads, config.KvHeads) != (teacher.Heads, teacher.KvHeads))
            return $"the teacher has {teacher.Heads} heads on {teacher.KvHeads} of keys and values, not {config.Heads} on {config.KvHeads}";
        if (config.HeadDimension % teacher.HeadDimension != 0)
            return $"a head dimension of {config.HeadDimension} is no multiple of the teacher's {teacher.HeadDimension}";
        if (config.Hidden < teacher.Hidden || config.Intermediate < teacher.Intermediate)
            return $"hidden {config.Hidden} or intermediate {config.Intermediate} is below the teacher's {teacher.Hidden} and {teacher.Intermediate}";
        return (config.RopeTheta, config.RmsEpsilon) != (teacher.RopeTheta, teacher.RmsEpsilon) ? "the constants of positions and norms differ" : null;
    }

    /// <summary>
    /// The teacher's own weights. A student with fewer layers gets layers that are spread evenly over the teacher's, with the first and the last. A wider student has
    /// new units: their input weights are random and their output weights are zero. So a student with all layers computes what its teacher computes, and training
    /// finds a use for the new units (Chen, Goodfellow, Shlens, arXiv:1511.05641). A student with more layers has new layers at the end that add nothing at first.
    /// </summary>
    /// <param name="config">The student's dimensions, without <see cref="Unfit"/>.</param>
    /// <param name="teacher">The teacher's weights.</param>
    /// <param name="dimensions">The teacher's dimensions.</param>
    /// <param name="seed">Seed of the new weights.</param>
    public static LlamaWeights Of(LlamaConfig config, LlamaWeights teacher, LlamaConfig dimensions, int seed)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(teacher);
        ArgumentNullException.ThrowIfNull(dimensions);
        var start = Random(config, seed);
        var (hidden, wide) = (dimensions.Hidden, config.Hidden);

        // A norm divides by the root of the mean square. Zeros beside the old numbers make the mean smaller and the result larger.
        var norm = MathF.Sqrt((float)hidden / wide);

        // Rotation turns number j of a head's half by theta^(-j/half): in a head that is n times as long, the same angle is at n times j. Scores are divided by the root of the length.
        var (half, wideHalf) = (dimensions.HeadDimension / 2, config.HeadDimension / 2);
        var stretch = config.HeadDimension / dimensions.HeadDimension;
        var score = MathF.Sqrt(stretch);

        var layers = new LlamaLayerWeights[config.Layers];
        for (var i = 0; i < layers.Length; i++)
        {
            var fresh = start.Layers[i];
            if (i >= dimensions.Layers)
            {
                layers[i] = fresh with { InputNorm = Filled(wide, norm), MlpNorm = Filled(wide, norm), Output = new float[fresh.Output.Length], Down = new float[fresh.Down.Length] };
                continue;
            }

            var old = teacher.Layers[config.Layers >= dimensions.Layers ? i : Chosen(i)];
            layers[i] = new LlamaLayerWeights
            {
                InputNorm = Norm(old.InputNorm),
                Query = Placed(old.Query, hidden, Zeros(fresh.Query), wide, Same, Head, score),
                Key = Placed(old.Key, hidden, fresh.Key.ToArray(), wide, Same, Head, 1),
                Value = Placed(old.Value, hidden, fresh.Value.ToArray(), wide, Same, Head, 1),
                Output = Placed(old.Output, dimensions.Heads * dimensions.HeadDimension, Zeros(fresh.Output), config.Heads * config.HeadDimension, Head, Same, 1),
                MlpNorm = Norm(old.MlpNorm),
                Gate = Placed(old.Gate, hidden, fresh.Gate.ToArray(), wide, Same, Same, 1),
                Up = Placed(old.Up, hidden, fresh.Up.ToArray(), wide, Same, Same, 1),
                Down = Placed(old.Down, dimensions.Intermediate, Zeros(fresh.Down), config.Intermediate, Same, Same, 1),
            };
        }

        return new LlamaWeights
        {
            Embedding = Placed(teacher.Embedding, config.Vocabulary, new float[config.Vocabulary * wide], config.Vocabulary, Same, Same, 1),
            Layers = layers,
            FinalNorm = Norm(teacher.FinalNorm),
        };

        int Chosen(int layer) => config.Layers == 1 ? 0 : (int)Math.Round(layer * (dimensions.Layers - 1.0) / (config.Layers - 1));

        static int Same(int index) => index;

        int Head(int index)
        {
            var (head, inside) = Math.DivRem(index, dimensions.HeadDimension);
            var (part, j) = Math.DivRem(inside, half);
            return (head * config.HeadDimension) + (part * wideHalf) + (j * stretch);
        }

        float[] Norm(ReadOnlyMemory<float> old)
        {
            var placed = Filled(wide, norm);
            for (var i = 0; i < old.Length; i++)
                placed[i] = old.Span[i] * norm;
            return placed;
        }
    }

    /// <summary>Puts a matrix into a larger one, row and column each to their place.</summary>
    private static float[] Placed(ReadOnlyMemory<float> old, int oldRows, float[] into, int rows, Func<int, int> row, Func<int, int> column, float factor)
    {
        var (oldColumns, columns) = (old.Length / oldRows, into.Length / rows);
        for (var i = 0; i < oldRows; i++)
        {
            for (var j = 0; j < oldColumns; j++)
                into[(row(i) * columns) + column(j)] = old.Span[(i * oldColumns) + j] * factor;
        }

        return into;
    }

    private static float[] Zeros(ReadOnlyMemory<float> like) => new float[like.Length];

    private static float[] Filled(int count, float value)
    {
        var filled = new float[count];
        Array.Fill(filled, value);
        return filled;
    }
}
