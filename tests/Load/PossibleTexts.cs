using System.Text;
using Meridian.Inference.Decoders;
using Meridian.Inference.Decoders.Contract;
using Meridian.Inference.Sampling;
using Meridian.Inference.Tokenization;

namespace Meridian.Load;

/// <summary>
/// The texts that a model may give a request. Rounding depends on the rows that are run together, and decides where two tokens are as good as equal or a draw
/// falls between two: then either may come, and what follows it is another text. So a text is followed token by token (teacher forcing), each of
/// which has to be the model's own choice after those before it, up to such a tie. Not for several threads.
/// </summary>
public sealed class PossibleTexts : IDisposable
{
    /// <summary>Logits closer than this are equal.</summary>
    public const float Tie = 5e-4f;

    /// <summary>Tokens at a prompt's end that decide how the text after it begins.</summary>
    private const int PromptEnd = 64;

    /// <summary>Ways that are followed before a text counts as none of the model's.</summary>
    private const int MaxWays = 200;

    private readonly IDecoderStage _stage;
    private readonly GenerationTokenizer _tokenizer;
    private readonly float[] _logits;
    private readonly float[] _shifted;

    private PossibleTexts(IDecoderStage stage, GenerationTokenizer tokenizer)
    {
        _stage = stage;
        _tokenizer = tokenizer;
        _logits = new float[stage.Shape.Vocabulary];
        _shifted = new float[stage.Shape.Vocabulary];
    }

    /// <param name="folder">The model's Hugging Face folder.</param>
    public static async Task<PossibleTexts> OfAsync(string folder)
    {
        var package = await UnstoredPackage.OfAsync(folder);
        var stage = OnnxDecoderStage.Load(package, new DecoderStageOptions { Slots = 1 });
        return new PossibleTexts(stage, GenerationTokenizer.Load(package, vocabulary: stage.Shape.Vocabulary));
    }

    /// <summary>Whether the model may answer so.</summary>
    /// <param name="body">A request for one choice.</param>
    /// <param name="text">All of its answer.</param>
    public bool Contains(StreamBody body, string text)
    {
        var ways = new Stack<int[]>([[]]);
        for (var followed = 0; followed < MaxWays && ways.TryPop(out var begun); followed++)
        {
            if (Follow(body, begun, text, ways))
                return true;
        }

        return false;
    }

    public void Dispose()
    {
        _stage.Dispose();
        _tokenizer.Dispose();
    }

    /// <summary>Goes on after some tokens for as long as there is one choice; the ways on from where there are several are left to be followed.</summary>
    private bool Follow(StreamBody body, int[] begun, string text, Stack<int[]> ways)
    {
        var detokenizer = _tokenizer.CreateDetokenizer();
        foreach (var id in body.Prompt.AsSpan(Math.Max(0, body.Prompt.Length - PromptEnd)))
            _ = detokenizer.Append(id);
        var given = new StringBuilder();
        foreach (var id in begun)
            given.Append(detokenizer.Append(id));
        if (!text.StartsWith(given.ToString(), StringComparison.Ordinal))
            return false;

        var at = given.Length;
        var generated = begun.ToList();
        int[] fed = [.. body.Prompt, .. begun];
        _stage.Release(0);
        while (generated.Count < body.MaxTokens)
        {
            _stage.Forward([new DecoderRow(0, _stage.Length(0), 0, fed.Length, true)], fed, _logits);
            var choices = Choices(body.Sampling, generated.Count);
            if (choices.Length > 1)
            {
                foreach (var choice in choices)
                    ways.Push([.. generated, choice]);
                return false;
            }

            generated.Add(choices[0]);
            fed = choices;
            var piece = detokenizer.Append(choices[0]);
            if (string.CompareOrdinal(text, at, piece, 0, piece.Length) != 0)
                return false;
            at += piece.Length;
        }

        return text.AsSpan(at).SequenceEqual(detokenizer.Flush());
    }

    /// <summary>What may be chosen where logits are off by up to half of <see cref="Tie"/>, the likeliest last.</summary>
    private int[] Choices(SamplingSettings sampling, int position)
    {
        var chosen = Sample(sampling, position, 0, 0);
        if (sampling.Temperature < Sampler.Coldest)
            return [.. Enumerable.Range(0, _logits.Length).Where(id => id != chosen && _logits[chosen] - _logits[id] < Tie), chosen];

        // A draw is looked up in the probabilities cumulated in order of ids: it is near a border where the neighbour is drawn once the border has moved.
        var below = Sample(sampling, position, chosen, Tie / 2);
        var above = Sample(sampling, position, chosen + 1, -Tie / 2);
        return [.. Enumerable.Range(below, above - below + 1).Where(id => id != chosen), chosen];
    }

    /// <summary>The choice where the logits of all ids below a border are more by a shift, and of the others less by it.</summary>
    private int Sample(SamplingSettings sampling, int position, int border, float shift)
    {
        for (var id = 0; id < _logits.Length; id++)
            _shifted[id] = _logits[id] + (id < border ? shift : -shift);
        return new Sampler(sampling, 0, _logits.Length).Sample(_shifted, position);
    }
}
