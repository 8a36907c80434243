using Meridian.Inference.Decoders;
using Meridian.Inference.Decoders.Contract;
using Meridian.Inference.Packages;

namespace Meridian.Inference.Tests.Engines.Generation;

/// <summary>
/// What two greedy generations of one model may differ by: rounding depends on the rows that are run together, and decides where two tokens are as good as
/// equal. So the first difference must be such a tie; what follows it is another text.
/// </summary>
internal sealed class TieRule : IDisposable
{
    /// <summary>Logits closer than this are equal.</summary>
    public const float Tie = 5e-4f;

    private readonly IDecoderStage _stage;
    private readonly float[] _logits;

    /// <param name="stage">Used alone; disposed with this.</param>
    public TieRule(IDecoderStage stage)
    {
        _stage = stage;
        _logits = new float[stage.Shape.Vocabulary];
    }

    public TieRule(ModelPackage package)
        : this(OnnxDecoderStage.Load(package, new DecoderStageOptions { Slots = 1 }))
    {
    }

    /// <value>Generations that differed from what was expected, by a tie each.</value>
    public int Ties { get; private set; }

    /// <value>Bytes of cache of a token.</value>
    public long BytesPerToken => _stage.Shape.BytesPerToken;

    /// <summary>Fails unless the ids are the expected ones up to a tie.</summary>
    public void Check(ReadOnlySpan<int> prompt, ReadOnlySpan<int> expected, ReadOnlySpan<int> actual)
    {
        var same = expected.CommonPrefixLength(actual);
        if (same == expected.Length && same == actual.Length)
            return;
        Assert.True(same < expected.Length && same < actual.Length, $"{actual.Length} tokens instead of {expected.Length}, the same as far as they go");

        // Teacher forcing: the model's own distribution where they part.
        int[] ids = [.. prompt, .. expected[..same]];
        _stage.Forward([new DecoderRow(0, 0, 0, ids.Length, true)], ids, _logits);
        _stage.Release(0);
        var difference = Math.Abs(_logits[expected[same]] - _logits[actual[same]]);
        Assert.True(
            difference < Tie, $"token {same} is {actual[same]} instead of {expected[same]}, whose logits {_logits[actual[same]]} and {_logits[expected[same]]} are {difference} apart");
        Ties++;
    }

    public void Dispose() => _stage.Dispose();
}
