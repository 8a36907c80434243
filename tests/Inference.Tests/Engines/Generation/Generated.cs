using System.Text;
using Meridian.Inference.Engines.Generation.Contract;
using Meridian.Inference.Sampling;

namespace Meridian.Inference.Tests.Engines.Generation;

/// <summary>What a stream gave, choice by choice; checks on the way that frames follow one another and positions count.</summary>
internal sealed class Generated
{
    private readonly List<int>[] _ids;
    private readonly StringBuilder[] _texts;
    private readonly int[] _next;
    private readonly IGenerationStream _stream;
    private bool _ended;

    /// <param name="stream">Nothing has been read of it.</param>
    /// <param name="choices">Choices of its request.</param>
    /// <param name="begins">Tokens that a choice had before the stream; null for none.</param>
    public Generated(IGenerationStream stream, int choices = 1, Func<int, int>? begins = null)
    {
        _stream = stream;
        _ids = [.. Enumerable.Range(0, choices).Select(_ => new List<int>())];
        _texts = [.. Enumerable.Range(0, choices).Select(_ => new StringBuilder())];
        _next = [.. Enumerable.Range(0, choices).Select(begins ?? (_ => 0))];
        Finishes = new GenerationFinish?[choices];
        Logprobs = [.. Enumerable.Range(0, choices).Select(_ => new List<GeneratedLogprob>())];
        TextAfter = [.. Enumerable.Range(0, choices).Select(_ => new List<(int, int)>())];
    }

    public GenerationFinish?[] Finishes { get; }

    public List<GeneratedLogprob>[] Logprobs { get; }

    /// <value>By choice: how much text there was when so many tokens had come.</value>
    public List<(int Tokens, int Characters)>[] TextAfter { get; }

    public long Tokens { get; private set; }

    /// <value>Whether any frame said that it may have other bits than the request alone.</value>
    public bool Inexact { get; private set; }

    public int[] Ids(int choice = 0) => [.. _ids[choice]];

    public string Text(int choice = 0) => _texts[choice].ToString();

    /// <summary>Reads a stream to its end.</summary>
    public static async Task<Generated> ReadAsync(IGenerationStream stream, int choices = 1, Func<int, int>? begins = null)
    {
        var generated = new Generated(stream, choices, begins);
        await generated.ReadAsync();
        return generated;
    }

    /// <summary>Reads on, to the end or for some frames.</summary>
    public async Task ReadAsync(int frames = int.MaxValue)
    {
        for (var i = 0; i < frames && !_ended; i++)
            Take(await _stream.ReadAsync(Tokens, TestContext.Current.CancellationToken));
    }

    private void Take(GenerationFrame frame)
    {
        Assert.Equal(Tokens, frame.Offset);
        Assert.Equal(frame.Next - frame.Offset, frame.Groups.Sum(g => g.TokenIds.Length));
        Assert.Equal(frame.Groups.Length, frame.Groups.Select(g => g.Choice).Distinct().Count());
        Tokens = frame.Next;
        _ended = frame.End;
        Inexact |= frame.Inexact;
        foreach (var group in frame.Groups)
        {
            Assert.Null(Finishes[group.Choice]);
            Assert.Equal(_next[group.Choice], group.Position - (group.TokenIds.Length == 0 ? group.Position - _next[group.Choice] : 0));
            _next[group.Choice] += group.TokenIds.Length;
            _ids[group.Choice].AddRange(group.TokenIds);
            _texts[group.Choice].Append(group.Text);
            TextAfter[group.Choice].Add((_ids[group.Choice].Count, _texts[group.Choice].Length));
            if (group.Logprobs is not null)
            {
                Assert.Equal(group.TokenIds, group.Logprobs.Select(l => l.TokenId));
                Logprobs[group.Choice].AddRange(group.Logprobs);
            }

            Finishes[group.Choice] = group.Finish;
        }
    }
}
