using Meridian.Messages;

namespace Meridian.Gateway.OpenAi.Generation.Resumption;

/// <summary>What of an answer was computed again for a caller who has it, before the stream that goes on.</summary>
/// <param name="Tokens">Tokens of each choice before the stream.</param>
/// <param name="Known">These tokens as they came.</param>
/// <param name="Finished">Why those choices ended that were found at their end; null for the others.</param>
/// <param name="Omitted">Choices that the stream does not run because the caller who had it made knew their end; whoever does not know it needs another stream.</param>
/// <param name="Inexact">Whether the tokens may differ from those that the caller has.</param>
internal sealed record AnswerBeginning(int[] Tokens, TokenGroup[] Known, FinishReason?[] Finished, bool[] Omitted, bool Inexact)
{
    /// <summary>Of an answer that the stream has from its first token on.</summary>
    public static AnswerBeginning None(int choices) => new(new int[choices], [], new FinishReason?[choices], new bool[choices], Inexact: false);
}
