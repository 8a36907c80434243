using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Meridian.Inference.Sampling;

/// <summary>
/// Samples the tokens of one choice. Not thread-safe.
/// </summary>
/// <remarks>
/// The steps, in this order:
/// <list type="number">
/// <item><c>logit_bias</c> is added (as in OpenAI's API; before the penalties, as in vLLM).</item>
/// <item>The repetition penalty applies to every generated id: a logit above 0 is divided by it, any other is multiplied (CTRL, arXiv:1909.05858, section 4.1,
/// in the form of Hugging Face's <c>RepetitionPenaltyLogitsProcessor</c>).</item>
/// <item>Frequency and presence penalties: the logit is reduced by count times the frequency penalty, and once by the presence penalty (OpenAI's
/// formula).</item>
/// <item>Temperature 0, or below <see cref="Coldest"/> as in vLLM: the largest logit wins, the lowest id among equals, and the steps below do not apply.
/// Otherwise logits are divided by the temperature.</item>
/// <item><c>top_k</c>: the k best tokens stay, and all that equal the k-th.</item>
/// <item><c>top_p</c>, as a share of the mass that <c>top_k</c> has left: the fewest best tokens whose mass reaches p stay. Among equals at the edge, the
/// lowest ids stay (nucleus sampling, arXiv:1904.09751).</item>
/// <item><c>min_p</c>: tokens with at least this share of the best token's probability stay (arXiv:2407.01082). Steps 5 to 7 have the order of Hugging Face's
/// warpers.</item>
/// <item>The draw: <see cref="Philox"/>, keyed by seed, choice and position, gives a number. It is looked up in the cumulated probabilities, in order of
/// ids.</item>
/// </list>
/// A NaN logit counts as minus infinity. If some logits are plus infinity, only their tokens are candidates, with equal probability. If no logit is above minus
/// infinity, id 0 is chosen.
/// </remarks>
public sealed class Sampler
{
    /// <summary>Temperatures below this count as 0.</summary>
    public const float Coldest = 1e-5f;

    private readonly SamplingSettings _settings;
    private readonly (int TokenId, float Bias)[] _biases;
    private readonly int _choice;
    private readonly int _vocabularySize;
    private readonly Dictionary<int, int>? _counts;

    /// <param name="settings">Values must be in the documented ranges.</param>
    /// <param name="choice">Index of the choice in the request.</param>
    /// <param name="vocabularySize">Length of the logits.</param>
    /// <exception cref="ArgumentOutOfRangeException">A bias is for an id outside the vocabulary.</exception>
    public Sampler(SamplingSettings settings, int choice, int vocabularySize)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(vocabularySize);
        _biases = [.. settings.LogitBias];
        foreach (var (id, _) in _biases)
        {
            if ((uint)id >= (uint)vocabularySize)
                throw new ArgumentOutOfRangeException(nameof(settings), id, $"logit_bias names token {id}; the vocabulary ends at {vocabularySize - 1}.");
        }

        _settings = settings;
        _choice = choice;
        _vocabularySize = vocabularySize;
        if (settings.RepetitionPenalty != 1 || settings.PresencePenalty != 0 || settings.FrequencyPenalty != 0)
            _counts = [];
    }

    /// <summary>Samples a token and counts it for the penalties.</summary>
    /// <param name="logits">[vocabulary]; overwritten.</param>
    /// <param name="position">Number of tokens that the choice has generated before.</param>
    public int Sample(Span<float> logits, int position)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(logits.Length, _vocabularySize, nameof(logits));
        Shift(logits);
        var id = Choose(logits, position);
        Count(id);
        return id;
    }

    /// <summary>Counts tokens that were generated at another replica, for the penalties.</summary>
    public void Restore(ReadOnlySpan<int> generated)
    {
        foreach (var id in generated)
            Count(id);
    }

    private void Count(int id)
    {
        if (_counts is not null && (uint)id < (uint)_vocabularySize)
            CollectionsMarshal.GetValueRefOrAddDefault(_counts, id, out _)++;
    }

    private void Shift(Span<float> logits)
    {
        foreach (var (id, bias) in _biases)
            logits[id] += bias;
        if (_counts is null)
            return;
        foreach (var (id, count) in _counts)
        {
            ref var logit = ref logits[id];
            logit = logit > 0 ? logit / _settings.RepetitionPenalty : logit * _settings.RepetitionPenalty;
            logit -= (_settings.FrequencyPenalty * count) + _settings.PresencePenalty;
        }
    }

    private int Choose(Span<float> logits, int position)
    {
        var best = TensorPrimitives.Max<float>(logits);
        if (float.IsNaN(best))
        {
            foreach (ref var logit in logits)
            {
                if (float.IsNaN(logit))
                    logit = float.NegativeInfinity;
            }

            best = TensorPrimitives.Max<float>(logits);
        }

        if (best == float.NegativeInfinity)
            return 0;
        if (_settings.Temperature < Coldest)
            return FirstOf(logits, best);
        if (best == float.PositiveInfinity)
        {
            foreach (ref var logit in logits)
                logit = logit == best ? 0 : float.NegativeInfinity;
            best = 0;
        }

        // Probabilities up to a constant factor: the best token has weight 1.
        TensorPrimitives.Subtract(logits, best, logits);
        if (_settings.Temperature != 1)
            TensorPrimitives.Divide(logits, _settings.Temperature, logits);
        TensorPrimitives.Exp<float>(logits, logits);
        if (_settings.TopK > 0)
            Candidates.KeepTop(logits, _settings.TopK);
        if (_settings.TopP < 1)
            Candidates.KeepMass(logits, _settings.TopP);
        if (_settings.MinP > 0)
            Candidates.KeepFrom(logits, Math.Min(1, _settings.MinP));
        return Candidates.Draw(logits, Philox.Uniform(_settings.Seed, _choice, position));
    }

    private static int FirstOf(ReadOnlySpan<float> logits, float best)
    {
        var vectors = MemoryMarshal.Cast<float, Vector<float>>(logits);
        var bests = new Vector<float>(best);
        var i = 0;
        while (i < vectors.Length && !Vector.EqualsAny(vectors[i], bests))
            i++;
        for (i *= Vector<float>.Count; logits[i] != best; i++)
        {
        }

        return i;
    }
}
