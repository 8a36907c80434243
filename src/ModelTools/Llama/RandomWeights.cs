namespace Meridian.ModelTools.Llama;

/// <summary>
/// Untrained weights. A seed gives the same weights on every machine. Their scales keep the residual stream near one, let attention differ between positions, and
/// give logits a standard deviation of about 2. So sampling is diverse, and two tokens are rarely equally likely. The embedding is small compared with what the
/// layers add. Otherwise an output layer that is tied to the embedding would only repeat the last token.
/// </summary>
public static class RandomWeights
{
    private const float LogitDeviation = 2f;
    private const float AttentionGain = 1.5f;

    public static LlamaWeights Make(LlamaConfig config, int seed, Action<int>? layerMade = null)
    {
        ArgumentNullException.ThrowIfNull(config);
        ulong tensor = 0;
        var (hidden, queries, keys) = (config.Hidden, config.Heads * config.HeadDimension, config.KvHeads * config.HeadDimension);
        var embedding = Uniform(config.Vocabulary * hidden, LogitDeviation / MathF.Sqrt(hidden));
        var layers = new LlamaLayerWeights[config.Layers];
        for (var i = 0; i < layers.Length; i++)
        {
            layers[i] = new LlamaLayerWeights
            {
                InputNorm = Norm(),
                Query = Linear(hidden, queries, AttentionGain),
                Key = Linear(hidden, keys, AttentionGain),
                Value = Linear(hidden, keys, 1),
                Output = Linear(queries, hidden, 1),
                MlpNorm = Norm(),
                Gate = Linear(hidden, config.Intermediate, 1),
                Up = Linear(hidden, config.Intermediate, 1),
                Down = Linear(config.Intermediate, hidden, 1.5f),
            };
            layerMade?.Invoke(i + 1);
        }

        return new LlamaWeights
        {
            Embedding = embedding,
            Layers = layers,
            FinalNorm = Norm(),
            Head = config.TieEmbeddings ? (ReadOnlyMemory<float>?)null : Linear(hidden, config.Vocabulary, LogitDeviation),
        };

        float[] Linear(int inputs, int outputs, float gain) => Uniform(checked(inputs * outputs), gain / MathF.Sqrt(inputs));

        // The weights differ from 1, so that a test notices if a norm's weight is lost.
        float[] Norm() => Fill(hidden, 1, 0.1f);

        float[] Uniform(int count, float deviation) => Fill(count, 0, deviation * MathF.Sqrt(3));

        float[] Fill(int count, float centre, float spread)
        {
            var values = GC.AllocateUninitializedArray<float>(count);
            Draw(values, ((ulong)(uint)seed << 32) + tensor++, centre, spread);
            return values;
        }
    }

    /// <summary>Uniform in centre ± spread; two values from each output of SplitMix64 (Steele, Lea, Flood, 2014).</summary>
    private static void Draw(float[] values, ulong stream, float centre, float spread)
    {
        const float Scale = 1f / (1 << 23);
        var state = Mix(stream);
        for (var i = 0; i < values.Length; i += 2)
        {
            state += 0x9E3779B97F4A7C15;
            var bits = Mix(state);
            values[i] = centre + (spread * (((int)(bits >> 40) * Scale) - 1));
            if (i + 1 < values.Length)
                values[i + 1] = centre + (spread * (((int)(bits & 0xFF_FFFF) * Scale) - 1));
        }
    }

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
