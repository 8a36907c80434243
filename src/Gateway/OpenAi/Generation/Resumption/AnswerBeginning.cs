using Meridian.Messages;

namespace Meridian.Gateway.OpenAi.Generation.Resumption;

/// <summary>The part of an answer that precedes a resumed stream. The caller already has this part; it was computed again.</summary>
/// <param name="Tokens">Number of tokens of each choice before the stream.</param>
/// <param name="Known">The repeated tokens in the order in which they arrived.</param>
/// <param name="Finished">Finish reasons of the choices that the repetition found to be complete; null for the other choices.</param>
/// <param name="Omitted">Choices that the stream does not run, because the caller who started it already knew their end. A caller who does not know that end
/// needs another stream.</param>
/// <param name="Inexact">Whether the tokens may differ from the caller's.</param>
internal sealed record AnswerBeginning(int[] Tokens, TokenGroup[] Known, FinishReason?[] Finished, bool[] Omitted, bool Inexact)
{
    /// <summary>The beginning of an answer whose stream contains every token from the first.</summary>
    public static AnswerBeginning None(int choices) => new(new int[choices], [], new FinishReason?[choices], new bool[choices], Inexact: false);
}
