using Meridian.Inference.Engines.Generation.Contract;
using Meridian.Inference.Sampling;
using Meridian.Inference.Tokenization;

namespace Meridian.Inference.Engines.Generation.Scheduling;

/// <summary>
/// Builds the text of a choice, token by token, and finds its end. The text released after a token depends only on the ids. So feeding the same ids to a new
/// instance restores exactly the same state.
/// </summary>
/// <param name="detokenizer">May have read the end of the prompt, but no generated token. Owned by this instance.</param>
/// <param name="stops">Must be unused; null if there are no stop strings.</param>
/// <param name="endIds">Ids that end the text. Empty: the text continues past them.</param>
internal sealed class ChoiceText(IncrementalDetokenizer detokenizer, StopMatcher? stops, int[] endIds)
{
    /// <summary>Adds the next token.</summary>
    /// <param name="id">The token.</param>
    /// <param name="last">Whether the choice reaches its limit with this token.</param>
    /// <param name="finish">Set if the choice ends with this token, else null.</param>
    /// <returns>Text that can no longer change.</returns>
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
