using System.Numerics.Tensors;
using Meridian.Inference.Sampling;
using Meridian.ModelTools.Corpora;

namespace Meridian.ModelTools.Evaluation;

/// <summary>A given text, with the model's prediction for each of its tokens.</summary>
internal sealed class ForcedText(int[] tokens) : IWalkedSequence
{
    private int _position;

    public int First => tokens[0];

    /// <value>[length - 1]: log probability of each token except the first.</value>
    public double[] LogProbabilities { get; } = new double[tokens.Length - 1];

    /// <value>[length - 1]: the likeliest token at each of these positions.</value>
    public int[] Best { get; } = new int[tokens.Length - 1];

    public int Next(Span<float> logits)
    {
        var next = tokens[_position + 1];
        LogProbabilities[_position] = Logprobs.Of(logits, next, top: 0).Logprob;
        Best[_position] = TensorPrimitives.IndexOfMax<float>(logits);
        return ++_position < LogProbabilities.Length ? next : -1;
    }
}
