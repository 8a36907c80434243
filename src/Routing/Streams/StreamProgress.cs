using Meridian.Messages;

namespace Meridian.Routing.Streams;

/// <summary>
/// What was read of each choice of a stream: what proves that a frame goes on exactly where the choices stand, and what another region needs to go on from there.
/// Holds four bytes a token for as long as the stream lives.
/// </summary>
public sealed class StreamProgress
{
    /// <summary>Ids by choice; null for a choice that is done.</summary>
    private readonly List<int>?[] _choices;
    private int _open;

    public StreamProgress(GenerationInput input)
    {
        _choices = new List<int>?[input.Choices];
        if (input.Resume is { } resume)
        {
            foreach (var choice in resume)
            {
                // The region refuses a choice that the input does not have; until it does, the stream must not fall over it.
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

    /// <value>Whether a frame said that its bits may be others than those of the request alone.</value>
    public bool Inexact { get; private set; }

    /// <value>Whether every choice is done: nothing is left to go on with.</value>
    public bool Done => _open == 0;

    /// <summary>Takes in a frame, or says what is wrong with it; one with a fault may have been taken in part, and ends the stream.</summary>
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
    /// What goes on where the stream stands: the input it was opened with, its prompts as the ids that were run, the choices that are not done, and the context it began with.
    /// </summary>
    /// <param name="input">As the stream was opened.</param>
    /// <param name="head">Of the first region that served it.</param>
    /// <remarks>What is not exact any more need not be computed again the slow way.</remarks>
    public GenerationInput Resume(GenerationInput input, StreamHead head) =>
        input.GoingOn(head, Unfinished()) with { Reproducible = input.Reproducible && !Inexact };

    /// <summary>The choices that are not done, by index.</summary>
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
