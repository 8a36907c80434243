using Meridian.Inference.Decoders;

namespace Meridian.Inference.Engines.Generation.Scheduling;

/// <summary>Decides how many tokens of a prompt a step computes.</summary>
internal static class PromptCut
{
    private const int Least = 2;

    /// <summary>
    /// Returns the size of the next piece: the budget, or slightly less. A token that is computed alone gets the bits of generated text, not of a prompt
    /// (<see cref="KvRoles"/>). The piece is therefore cut so that no token is computed alone: neither in a piece of one, now or for the rest, nor as the
    /// remainder of an attention block.
    /// </summary>
    /// <param name="pending">Number of prompt tokens still to compute, at least 2.</param>
    /// <param name="budget">Most tokens, at least 1. A budget of 1 or 2 may be exceeded by up to two.</param>
    /// <param name="blocks">The attention blocks of this machine.</param>
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
