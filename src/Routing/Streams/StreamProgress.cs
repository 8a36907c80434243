using Meridian.Messages;

namespace Meridian.Routing.Streams;

/// <summary>
/// The tokens that were read of each choice of a stream. They serve two purposes: to check that the next frame continues each choice exactly where it ended,
/// and to let another region continue the stream. Holds four bytes per token for the life of the stream.
/// </summary>
public sealed class StreamProgress
{
    /// <summary>Token ids by choice; null for a choice that is done.</summary>
    private readonly List<int>?[] _choices;
    private int _open;

    public StreamProgress(GenerationInput input)
    {
        _choices = new List<int>?[input.Choices];
        if (input.Resume is { } resume)
        {
            foreach (var choice in resume)
            {
                // The region refuses a choice that the input does not have. Until that refusal arrives, this class must not fail because of it.
                if ((uint)choice.Choice >= (uint)_choices.Length)
                    continue;
                _open += _choices[choice.Choice] is null ? 1 : 0;
                _choices[choice.Choice] = [.. choice.TokenIds];
            }
        }
        else
        {
            _open = _choices.Length;
            for (var i = 0; i < _choices.Length; i++)
                _choices[i] = [];
        }
    }

    /// <value>Whether a frame said that its bits may differ from the bits of the same request computed alone.</value>
    public bool Inexact { get; private set; }

    /// <value>Whether every choice is done, so that nothing is left to continue.</value>
    public bool Done => _open == 0;

    /// <summary>Adds a frame, or returns its fault. A frame with a fault may have been added in part, and ends the stream.</summary>
    public string? Take(StreamFrame frame)
    {
        long tokens = 0;
        Inexact |= frame.Inexact;
        foreach (var group in frame.Groups)
        {
            if ((uint)group.Choice >= (uint)_choices.Length || _choices[group.Choice] is not { } ids)
                return $"it has tokens of choice {group.Choice}, which is not under way";
            if (group.Position != ids.Count)
                return $"it goes on at token {group.Position} of choice {group.Choice}, of which {ids.Count} were read";
            ids.AddRange(group.TokenIds);
            tokens += group.TokenIds.Length;
            if (group.Finish is null)
                continue;
            _choices[group.Choice] = null;
            _open--;
        }

        return tokens == frame.Next - frame.Offset ? null : $"it has {tokens} tokens and counts from {frame.Offset} to {frame.Next}";
    }

    /// <summary>
    /// The input that continues the stream where it ended: the original input, with the prompts as the token ids that were run, the choices that are not
    /// done, and the original context length.
    /// </summary>
    /// <param name="input">The input that opened the stream.</param>
    /// <param name="head">The head from the first region that served the stream.</param>
    /// <remarks>A stream that is already inexact need not be computed again in the slow, reproducible way.</remarks>
    public GenerationInput Resume(GenerationInput input, StreamHead head) =>
        input.GoingOn(head, Unfinished()) with { Reproducible = input.Reproducible && !Inexact };

    /// <summary>The choices that are not done, in the order of their indexes.</summary>
    public ChoiceResume[] Unfinished()
    {
        var unfinished = new ChoiceResume[_open];
        for (int i = 0, to = 0; i < _choices.Length; i++)
        {
            if (_choices[i] is { } ids)
                unfinished[to++] = new ChoiceResume { Choice = i, TokenIds = [.. ids] };
        }

        return unfinished;
    }
}
