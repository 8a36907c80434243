using Meridian.Messages.Generation;

namespace Meridian.Client.Streams;

/// <summary>What was read of each choice of a stream.</summary>
internal sealed class StreamProgress
{
    /// <summary>Ids by choice; null for a choice that is done.</summary>
    private readonly List<int>?[] _choices;

    public StreamProgress(GenerationInput input)
    {
        _choices = new List<int>?[input.Choices];
        if (input.Resume is { } resume)
        {
            foreach (var choice in resume)
                _choices[choice.Choice] = [.. choice.TokenIds];
        }
        else
        {
            for (var i = 0; i < _choices.Length; i++)
                _choices[i] = [];
        }
    }

    /// <summary>Takes in a frame, or says what is wrong with it.</summary>
    public string? Take(StreamFrame frame)
    {
        foreach (var group in frame.Groups)
        {
            if ((uint)group.Choice >= (uint)_choices.Length || _choices[group.Choice] is not { } ids)
                return $"it has tokens of choice {group.Choice}, which is not under way";
            if (group.Position != ids.Count)
                return $"it goes on at token {group.Position} of choice {group.Choice}, of which {ids.Count} were read";
            ids.AddRange(group.TokenIds);
            if (group.Finish is not null)
                _choices[group.Choice] = null;
        }

        return null;
    }

    public ChoiceResume[] Unfinished()
    {
        var unfinished = new List<ChoiceResume>(_choices.Length);
        for (var i = 0; i < _choices.Length; i++)
        {
            if (_choices[i] is { } ids)
                unfinished.Add(new ChoiceResume { Choice = i, TokenIds = [.. ids] });
        }

        return [.. unfinished];
    }
}
