using Meridian.Federation.Regions;
using Meridian.Gateway.Tests.Hosting;
using Meridian.Messages;

namespace Meridian.Gateway.Tests.Generation.Resumption;

/// <summary>Tells words that seed, choice and position decide, one to three tokens a group, and goes on where a request's resume says: as an engine does.</summary>
internal sealed class PositionedStory : IRegionStream
{
    private readonly GenerationInput _input;
    private readonly bool _inexact;
    private readonly int[] _position;
    private readonly bool[] _done;
    private long _tokens;
    private int _frames;

    /// <param name="input">Of the request.</param>
    /// <param name="arithmetic">Of the region that tells.</param>
    /// <param name="inexact">Whether its frames say so.</param>
    public PositionedStory(GenerationInput input, string arithmetic = "avx2", bool inexact = false)
    {
        (_input, _inexact) = (input, inexact);
        _position = new int[input.Choices];
        _done = new bool[input.Choices];
        if (input.Resume is { } resume)
        {
            Array.Fill(_done, true);
            foreach (var choice in resume)
            {
                _done[choice.Choice] = false;
                _position[choice.Choice] = choice.TokenIds.Length;
                Assert.Equal(Enumerable.Range(0, choice.TokenIds.Length).Select(at => Word(choice.Choice, at)), choice.TokenIds);
            }
        }

        Head = EdgeDouble.Head(input.Prompts.Length) with { Arithmetic = arithmetic };
    }

    public StreamHead Head { get; }

    public ValueTask<StreamFrame?> ReadAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        List<TokenGroup> groups = [];
        for (var choice = 0; choice < _position.Length; choice++)
        {
            if (!_done[choice])
                groups.Add(Next(choice, 1 + ((_frames + choice) % 3)));
        }

        _frames++;
        var before = _tokens;
        _tokens += groups.Sum(group => group.TokenIds.Length);
        return new(new StreamFrame { Offset = before, Next = _tokens, Groups = [.. groups], End = Array.TrueForAll(_done, done => done), Inexact = _inexact });
    }

    public ValueTask DisposeAsync() => default;

    private TokenGroup Next(int choice, int count)
    {
        // Each choice has a length of its own.
        var most = Math.Min(_input.MaxTokens ?? int.MaxValue, 9 + (2 * choice));
        count = Math.Min(count, most - _position[choice]);
        int[] ids = [.. Enumerable.Range(_position[choice], count).Select(at => Word(choice, at))];
        var group = new TokenGroup
        {
            Choice = choice,
            Position = _position[choice],
            TokenIds = ids,
            Text = string.Concat(ids.Select(id => StoryStream.Words[id])),
            Finish = _position[choice] + count < most ? null : most == _input.MaxTokens ? FinishReason.Length : FinishReason.Stop,
            Logprobs = _input.TopLogprobs is null ? null : [.. ids.Select(id => Tokens.Logprob(id, StoryStream.Words[id], -0.5f))],
        };
        _position[choice] += count;
        _done[choice] = group.Finish is not null;
        return group;
    }

    private int Word(int choice, int at) => (int)((ulong)(_input.Sampling.Seed + (7 * choice) + (5 * at)) % (ulong)StoryStream.Words.Length);
}
