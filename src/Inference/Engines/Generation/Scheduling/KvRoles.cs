namespace Meridian.Inference.Engines.Generation.Scheduling;

/// <summary>
/// How the keys and values of a slot were computed. Attention over one new token gives other bits than attention over several, so a position's bits depend on
/// whether it was computed in a piece of two or more tokens (a prompt, see <see cref="PromptCut"/>) or alone (generated text); on nothing else.
/// </summary>
/// <param name="Pieces">Positions from the first that were computed in pieces of two or more.</param>
/// <param name="Known">Positions from the first that are either among <paramref name="Pieces"/> or were computed alone; what follows is a mixture.</param>
internal readonly record struct KvRoles(int Pieces, int Known)
{
    /// <summary>The roles after some more tokens were computed at once.</summary>
    /// <param name="held">Tokens that the slot held before.</param>
    /// <param name="count">Tokens of the piece.</param>
    public KvRoles After(int held, int count)
    {
        if (Known < held)
            return this;
        if (count == 1)
            return this with { Known = held + 1 };
        return Pieces == held ? new KvRoles(held + count, held + count) : this;
    }

    public KvRoles First(int length) => new(Math.Min(Pieces, length), Math.Min(Known, length));

    /// <summary>How many of the first positions have the bits that a reproducible sequence would compute itself.</summary>
    /// <param name="common">Tokens that both begin with.</param>
    /// <param name="pieces">Tokens that the sequence computes in pieces: its prompt.</param>
    /// <param name="length">Tokens of the sequence. One at least remains to be computed, and of a prompt that is not whole, two.</param>
    public int Reusable(int common, int pieces, int length)
    {
        var most = Math.Min(Math.Min(common, Known), length - 1);
        if (Pieces != pieces)
            most = Math.Min(most, Math.Min(Pieces, pieces));
        return most >= pieces ? most : Math.Clamp(most, 0, Math.Max(0, pieces - 2));
    }
}
