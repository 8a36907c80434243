using Meridian.Inference.Engines.Generation.Contract;
using Meridian.Inference.Sampling;
using Meridian.Inference.Tokenization;

namespace Meridian.Inference.Engines.Generation.Scheduling;

/// <summary>
/// The text of a choice, token by token, and where it ends. What is released after a token depends on the ids alone, so that feeding it a choice's ids again
/// leaves it exactly where it was.
/// </summary>
/// <param name="detokenizer">Fresh.</param>
/// <param name="stops">Fresh; null where there are no stop strings.</param>
/// <param name="endIds">Ids that end the text; empty to go on past them.</param>
internal sealed class ChoiceText(IncrementalDetokenizer detokenizer, StopMatcher? stops, int[] endIds)
{
    /// <summary>Takes the next token.</summary>
    /// <param name="id">The token.</param>
    /// <param name="last">Whether the choice's limit is reached with it.</param>
    /// <param name="finish">Set where the choice ends with it.</param>
    /// <returns>Text that is certain now.</returns>
    public string Append(int id, bool last, out GenerationFinish? finish)
    {
        var ends = endIds.AsSpan().Contains(id);
        var text = ends ? detokenizer.Flush() : detokenizer.Append(id);
        if (last && !ends)
            text += detokenizer.Flush();
        finish = ends ? GenerationFinish.Stop : last ? GenerationFinish.Length : null;
        if (stops is null)
            return text;
        var certain = stops.Append(text, out var stopped);
        if (stopped)
            finish = GenerationFinish.Stop;
        else if (finish is not null)
            certain += stops.Flush();
        return certain;
    }
}
