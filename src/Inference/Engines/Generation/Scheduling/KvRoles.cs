namespace Meridian.Inference.Engines.Generation.Scheduling;

/// <summary>
/// How the keys and values of a slot were computed. Attention over one new token gives other bits than attention over several. A position's bits depend only on
/// whether it was computed in a piece of two or more tokens (a prompt, see <see cref="PromptCut"/>) or alone (generated text).
/// </summary>
/// <param name="Pieces">Number of leading positions that were computed in pieces of two or more tokens.</param>
/// <param name="Known">
/// Number of leading positions that are either among <paramref name="Pieces"/> or were computed alone. The positions after them are a mixture.
/// </param>
internal readonly record struct KvRoles(int Pieces, int Known)
{
    /// <summary>The roles after more tokens were computed in one piece.</summary>
    /// <param name="held">Number of tokens that the slot held before.</param>
    /// <param name="count">Number of tokens of the piece.</param>
    public KvRoles After(int held, int count)
    {
        if (Known < held)
            return this;
        if (count == 1)
            return this with { Known = held + 1 };
        return Pieces == held ? new KvRoles(held + count, held + count) : this;
    }

    public KvRoles First(int length) => new(Math.Min(Pieces, length), Math.Min(Known, length));

    /// <summary>Number of leading positions that have the bits that a reproducible sequence would compute itself.</summary>
    /// <param name="common">Number of leading tokens that the slot and the sequence have in common.</param>
    /// <param name="pieces">Number of tokens that the sequence computes in pieces: its prompt.</param>
    /// <param name="length">Tokens of the sequence. At least one stays to be computed; if the prompt is not reused whole, at least two.</param>
    public int Reusable(int common, int pieces, int length)
    {
        var most = Math.Min(Math.Min(common, Known), length - 1);
        if (Pieces != pieces)
            most = Math.Min(most, Math.Min(Pieces, pieces));
        return most >= pieces ? most : Math.Clamp(most, 0, Math.Max(0, pieces - 2));
    }
}
