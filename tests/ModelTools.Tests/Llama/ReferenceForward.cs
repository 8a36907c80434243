using Meridian.ModelTools.Llama;

namespace Meridian.ModelTools.Tests.Llama;

/// <summary>The architecture as its papers have it, in float64, one token after the other and without a cache: slow, and plain enough to be believed.</summary>
internal static class ReferenceForward
{
    /// <returns>Logits of every position.</returns>
    public static double[][] Run(LlamaConfig config, LlamaWeights weights, IReadOnlyList<int> ids)
    {
        var length = ids.Count;
        var streams = ids.Select(id => Doubles(weights.Embedding.Span.Slice(id * config.Hidden, config.Hidden))).ToArray();
        foreach (var layer in weights.Layers)
        {
            var normed = streams.Select(x => Norm(config, x, layer.InputNorm.Span)).ToArray();
            var queries = normed.Select((x, at) => Turn(config, MatMul(x, layer.Query.Span), at)).ToArray();
            var keys = normed.Select((x, at) => Turn(config, MatMul(x, layer.Key.Span), at)).ToArray();
            var values = normed.Select(x => MatMul(x, layer.Value.Span)).ToArray();
            for (var at = 0; at < length; at++)
                Add(streams[at], MatMul(Attend(config, queries[at], keys, values, at), layer.Output.Span));
            foreach (var x in streams)
            {
                var y = Norm(config, x, layer.MlpNorm.Span);
                var gate = MatMul(y, layer.Gate.Span);
                var up = MatMul(y, layer.Up.Span);
                Add(x, MatMul([.. gate.Zip(up, (g, u) => g / (1 + Math.Exp(-g)) * u)], layer.Down.Span));
            }
        }

        return [.. streams.Select(x => Head(config, weights, Norm(config, x, weights.FinalNorm.Span)))];
    }

    private static double[] Attend(LlamaConfig config, double[] query, double[][] keys, double[][] values, int at)
    {
        var dimension = config.HeadDimension;
        var mixed = new double[query.Length];
        for (var head = 0; head < config.Heads; head++)
        {
            var kv = head / (config.Heads / config.KvHeads);
            var scores = new double[at + 1];
            for (var other = 0; other <= at; other++)
            {
                for (var i = 0; i < dimension; i++)
                    scores[other] += query[(head * dimension) + i] * keys[other][(kv * dimension) + i];
                scores[other] /= Math.Sqrt(dimension);
            }

            var highest = scores.Max();
            var sum = scores.Sum(s => Math.Exp(s - highest));
            for (var other = 0; other <= at; other++)
            {
                for (var i = 0; i < dimension; i++)
                    mixed[(head * dimension) + i] += Math.Exp(scores[other] - highest) / sum * values[other][(kv * dimension) + i];
            }
        }

        return mixed;
    }

    private static double[] Turn(LlamaConfig config, double[] heads, int at)
    {
        var (dimension, half) = (config.HeadDimension, config.HeadDimension / 2);
        var turned = new double[heads.Length];
        for (var head = 0; head < heads.Length / dimension; head++)
        {
            for (var j = 0; j < half; j++)
            {
                var angle = at * Math.Pow(config.RopeTheta, -2.0 * j / dimension);
                var (x, y) = (heads[(head * dimension) + j], heads[(head * dimension) + half + j]);
                turned[(head * dimension) + j] = (x * Math.Cos(angle)) - (y * Math.Sin(angle));
                turned[(head * dimension) + half + j] = (y * Math.Cos(angle)) + (x * Math.Sin(angle));
            }
        }

        return turned;
    }

    private static double[] Norm(LlamaConfig config, double[] x, ReadOnlySpan<float> weight)
    {
        var root = Math.Sqrt(x.Average(v => v * v) + config.RmsEpsilon);
        var normed = new double[x.Length];
        for (var i = 0; i < x.Length; i++)
            normed[i] = x[i] / root * weight[i];
        return normed;
    }

    private static double[] Head(LlamaConfig config, LlamaWeights weights, double[] x)
    {
        if (weights.Head is { } head)
            return MatMul(x, head.Span);
        var logits = new double[config.Vocabulary];
        for (var id = 0; id < logits.Length; id++)
        {
            for (var i = 0; i < x.Length; i++)
                logits[id] += x[i] * weights.Embedding.Span[(id * x.Length) + i];
        }

        return logits;
    }

    private static double[] MatMul(double[] x, ReadOnlySpan<float> weight)
    {
        var product = new double[weight.Length / x.Length];
        for (var i = 0; i < x.Length; i++)
        {
            for (var j = 0; j < product.Length; j++)
                product[j] += x[i] * weight[(i * product.Length) + j];
        }

        return product;
    }

    private static void Add(double[] x, double[] y)
    {
        for (var i = 0; i < x.Length; i++)
            x[i] += y[i];
    }

    private static double[] Doubles(ReadOnlySpan<float> values)
    {
        var doubles = new double[values.Length];
        for (var i = 0; i < doubles.Length; i++)
            doubles[i] = values[i];
        return doubles;
    }
}
