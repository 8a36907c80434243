using Meridian.Inference.Sampling;

namespace Meridian.ModelTools.Corpora;

/// <summary>A text while the teacher writes it.</summary>
internal sealed class WrittenText : IWalkedSequence
{
    private readonly CorpusPlan _plan;
    private readonly int[] _prompt;
    private readonly Sampler _sampler;
    private readonly List<int> _tokens;
    private readonly List<int> _topIds = [];
    private readonly List<Half> _topLogProbabilities = [];
    private readonly float _temperature;

    /// <param name="plan">The settings of the text.</param>
    /// <param name="number">The text's number in the plan.</param>
    /// <param name="vocabulary">Number of logits of a position.</param>
    public WrittenText(CorpusPlan plan, int number, int vocabulary)
    {
        _plan = plan;
        _prompt = plan.Prompts[number % plan.Prompts.Count];
        _temperature = plan.Temperatures[number % plan.Temperatures.Count];
        _sampler = new Sampler(new SamplingSettings { Temperature = _temperature, Seed = plan.Seed }, number, vocabulary);
        _tokens = [_prompt[0]];
    }

    public int First => _prompt[0];

    public CorpusText Text => new([.. _tokens], _temperature, [.. _topIds], [.. _topLogProbabilities]);

    public int Next(Span<float> logits)
    {
        if (_tokens.Count >= _plan.Length)
            return -1;
        foreach (var (id, logprob) in Logprobs.Top(logits, _plan.Top))
        {
            _topIds.Add(id);
            _topLogProbabilities.Add((Half)logprob);
        }

        var next = _tokens.Count < _prompt.Length ? _prompt[_tokens.Count] : _sampler.Sample(logits, _tokens.Count);
        _tokens.Add(next);
        return _tokens.Count > _prompt.Length && _plan.EndIds.Contains(next) ? -1 : next;
    }
}
