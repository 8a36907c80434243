using System.Text;
using Meridian.Errors;
using Meridian.Federation.Regions;
using Meridian.Messages;

namespace Meridian.Gateway.Tests.Hosting;

/// <summary>
/// A model that tells the same twelve words, beginning at a word that the seed and the choice say, a token a choice and frame. It keeps to what a request asks for:
/// the most tokens, stop strings, log probabilities, going on past the end.
/// </summary>
public sealed class StoryStream(StreamHead head, GenerationInput input, int failAfterFrames = int.MaxValue) : IRegionStream
{
    public static readonly string[] Words = ["Once", " upon", " a", " time", ",", " naïve", " 😀", " \"cats\"", "\n", " lived", " happily", "."];

    private readonly StringBuilder[] _texts = [.. Enumerable.Range(0, input.Choices).Select(_ => new StringBuilder())];
    private readonly bool[] _done = new bool[input.Choices];
    private long _tokens;
    private int _frames;

    public StreamHead Head => head;

    /// <value>Done when the stream is disposed.</value>
    public TaskCompletionSource Disposed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ValueTask<StreamFrame?> ReadAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (_frames == failAfterFrames)
        {
            throw new MeridianException(new Refusal { Code = RefusalCode.RegionLost, Message = "The region 'eastus' was lost.", RetryAfterMs = 500 });
        }

        if (Array.TrueForAll(_done, done => done))
        {
            return new(result: null);
        }

        var groups = new List<TokenGroup>();
        for (var choice = 0; choice < input.Choices; choice++)
        {
            if (!_done[choice])
            {
                groups.Add(Next(choice));
            }
        }

        var before = _tokens;
        _tokens += groups.Count;
        _frames++;
        return new(new StreamFrame { Offset = before, Next = _tokens, Groups = [.. groups], End = Array.TrueForAll(_done, done => done) });
    }

    public ValueTask DisposeAsync()
    {
        Disposed.TrySetResult();
        return default;
    }

    private TokenGroup Next(int choice)
    {
        var word = (int)((ulong)(input.Sampling.Seed + choice + _frames) % (ulong)Words.Length);
        var text = Words[word];
        var told = _texts[choice].Append(text).ToString();
        FinishReason? finish = _frames + 1 == input.MaxTokens ? FinishReason.Length : null;
        if (!input.IgnoreEndOfText && _frames + 1 == Words.Length)
        {
            finish = FinishReason.Stop;
        }

        foreach (var stop in input.Stop)
        {
            var at = told.IndexOf(stop, StringComparison.Ordinal);
            if (at >= 0)
            {
                finish = FinishReason.Stop;
                text = text[..Math.Max(0, text.Length - (told.Length - at))];
            }
        }

        _done[choice] = finish is not null;
        return new TokenGroup
        {
            Choice = choice,
            Position = _frames,
            TokenIds = [word],
            Text = text,
            Finish = finish,
            Logprobs = input.TopLogprobs is { } top ? [Logprob(word) with { Top = [.. Enumerable.Range(0, top).Select(i => Logprob((word + i) % Words.Length)).OrderByDescending(token => token.Logprob)] }] : null,
        };
    }

    private static TokenLogprob Logprob(int word) => Tokens.Logprob(word, Words[word], -0.5f * (word + 1));
}
