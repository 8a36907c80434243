using Meridian.Inference.Decoders;

namespace Meridian.Inference.Engines.Generation.Scheduling;

/// <summary>How much of a prompt a step takes.</summary>
internal static class PromptCut
{
    private const int Least = 2;

    /// <summary>
    /// The size of the next piece: the budget, or as little less as is needed so that no token is computed alone, neither as a piece of one (now or what is left) nor as the rest of
    /// a block of attention. It would be computed as generated text is, with other bits (<see cref="KvRoles"/>).
    /// </summary>
    /// <param name="pending">Tokens of the prompt to be computed, at least 2.</param>
    /// <param name="budget">Most tokens, at least 1; exceeded by up to two where it is 1 or 2.</param>
    /// <param name="blocks">Of the machine's attention.</param>
    public static int Of(int pending, int budget, AttentionBlocks blocks)
    {
        for (var piece = Math.Min(pending, Math.Max(budget, Least)); piece >= Least; piece--)
        {
            if (pending - piece != 1 && blocks.Fits(piece))
                return piece;
        }

        return pending;
    }
}
