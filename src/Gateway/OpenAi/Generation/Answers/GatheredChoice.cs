using Meridian.Messages;

namespace Meridian.Gateway.OpenAi.Generation.Answers;

/// <summary>Gathers the tokens of one choice until it is complete.</summary>
internal sealed class GatheredChoice
{
    private readonly List<string> _pieces = [];
    private readonly List<TokenLogprob> _logprobs = [];

    /// <value>The text in pieces. Each piece consists of whole characters.</value>
    public IReadOnlyList<string> Pieces => _pieces;

    public IReadOnlyList<TokenLogprob> Logprobs => _logprobs;

    /// <value>Whether log probabilities were given, even if for no token.</value>
    public bool HasLogprobs { get; private set; }

    /// <value>Null until the choice is complete.</value>
    public FinishReason? Finish { get; private set; }

    public void Add(TokenGroup group)
    {
        if (group.Text.Length > 0)
        {
            _pieces.Add(group.Text);
        }

        if (group.Logprobs is { } logprobs)
        {
            HasLogprobs = true;
            _logprobs.AddRange(logprobs);
        }

        Finish ??= group.Finish;
    }
}
