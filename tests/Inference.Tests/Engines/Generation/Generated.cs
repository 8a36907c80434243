using System.Text;
using Meridian.Inference.Engines.Generation;

namespace Meridian.Inference.Tests.Engines.Generation;

/// <summary>What a stream gave, choice by choice; checks on the way that frames follow one another and positions count.</summary>
internal sealed class Generated
{
    private readonly List<int>[] _ids;
    private readonly StringBuilder[] _texts;
    private readonly int[] _next;

    private Generated(int choices, Func<int, int> begins)
    {
        _ids = [.. Enumerable.Range(0, choices).Select(_ => new List<int>())];
        _texts = [.. Enumerable.Range(0, choices).Select(_ => new StringBuilder())];
        _next = [.. Enumerable.Range(0, choices).Select(begins)];
        Finishes = new GenerationFinish?[choices];
        Logprobs = [.. Enumerable.Range(0, choices).Select(_ => new List<GeneratedLogprob>())];
        TextAfter = [.. Enumerable.Range(0, choices).Select(_ => new List<(int, int)>())];
    }

    public GenerationFinish?[] Finishes { get; }

    public List<GeneratedLogprob>[] Logprobs { get; }

    /// <value>By choice: how much text there was when so many tokens had come.</value>
    public List<(int Tokens, int Characters)>[] TextAfter { get; }

    public long Tokens { get; private set; }

    public int[] Ids(int choice = 0) => [.. _ids[choice]];

    public string Text(int choice = 0) => _texts[choice].ToString();

    /// <summary>Reads a stream to its end.</summary>
    public static async Task<Generated> ReadAsync(IGenerationStream stream, int choices = 1, Func<int, int>? begins = null, CancellationToken cancellationToken = default)
    {
        var generated = new Generated(choices, begins ?? (_ => 0));
        GenerationFrame frame;
        do
        {
            frame = await stream.ReadAsync(generated.Tokens, cancellationToken == default ? TestContext.Current.CancellationToken : cancellationToken);
            generated.Take(frame);
        }
        while (!frame.End);
        return generated;
    }

    private void Take(GenerationFrame frame)
    {
        Assert.Equal(Tokens, frame.Offset);
        Assert.Equal(frame.Next - frame.Offset, frame.Groups.Sum(g => g.TokenIds.Length));
        Assert.Equal(frame.Groups.Length, frame.Groups.Select(g => g.Choice).Distinct().Count());
        Tokens = frame.Next;
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
