using Meridian.Messages;

namespace Meridian.Gateway.OpenAi.Generation.Answers;

/// <summary>A choice whose tokens are gathered until it is done.</summary>
internal sealed class GatheredChoice
{
    private readonly List<string> _pieces = [];
    private readonly List<TokenLogprob> _logprobs = [];

    /// <value>The text, whole characters a piece.</value>
    public IReadOnlyList<string> Pieces => _pieces;

    public IReadOnlyList<TokenLogprob> Logprobs => _logprobs;

    /// <value>Whether log probabilities were given, be it for no token.</value>
    public bool HasLogprobs { get; private set; }

    /// <value>Null while it goes on.</value>
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
