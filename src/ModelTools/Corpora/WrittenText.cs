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
    private readonly int[] _ids;
    private readonly float[] _values;
    private readonly float _temperature;

    /// <param name="plan">How it is written.</param>
    /// <param name="number">Which of the plan's texts it is.</param>
    /// <param name="vocabulary">Length of the logits.</param>
    public WrittenText(CorpusPlan plan, int number, int vocabulary)
    {
        _plan = plan;
        _prompt = plan.Prompts[number % plan.Prompts.Count];
        _temperature = plan.Temperatures[number % plan.Temperatures.Count];
        _sampler = new Sampler(new SamplingSettings { Temperature = _temperature, Seed = plan.Seed }, number, vocabulary);
        _tokens = [_prompt[0]];
        var top = Math.Min(plan.Top, vocabulary);
        (_ids, _values) = (new int[top], new float[top]);
    }

    public int First => _prompt[0];

    public CorpusText Text => new([.. _tokens], _temperature, [.. _topIds], [.. _topLogProbabilities]);

    public int Next(Span<float> logits)
    {
        if (_tokens.Count >= _plan.Length)
            return -1;
        var sum = LogitsMath.LogSumExp(logits);
        LogitsMath.Top(logits, _ids, _values);
        _topIds.AddRange(_ids);
        foreach (var value in _values)
            _topLogProbabilities.Add((Half)(value - sum));
        var next = _tokens.Count < _prompt.Length ? _prompt[_tokens.Count] : _sampler.Sample(logits, _tokens.Count);
        _tokens.Add(next);
        return _tokens.Count > _prompt.Length && _plan.EndIds.Contains(next) ? -1 : next;
    }
}
