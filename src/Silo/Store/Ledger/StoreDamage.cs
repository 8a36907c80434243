namespace Meridian.Silo.Store.Ledger;

/// <summary>What a store's files lack of what was acknowledged.</summary>
/// <param name="Fatal">Damage that leaves unknown how much is missing: the region does not start; null where there is none.</param>
/// <param name="Tail">Whether the last acknowledged writes are damaged: Garnet ends before them.</param>
/// <param name="Records">Where stored records are damaged that carry their own checksum: each is set aside when it is read; null where there are none.</param>
/// <param name="Ledger">Why nothing can be told, or null.</param>
internal sealed record StoreDamage(string? Fatal, bool Tail, string? Records, string? Ledger)
{
    public static StoreDamage None { get; } = new(null, false, null, null);

    /// <summary>Writes that were acknowledged and that recovery did not find.</summary>
    /// <param name="state">What the ledger said before the start.</param>
    /// <param name="recovered">Where recovery ended.</param>
    /// <returns>In words for an operator, or null where none is missing.</returns>
    public static string? Missing(LedgerState? state, long recovered)
    {
        if (state is null || recovered >= state.Acknowledged.Address)
        {
            return null;
        }

        var known = state.Points.LastOrDefault(point => point.Address <= recovered);
        var missing = state.Acknowledged.Writes - known.Writes;
        var atLeast = known.Address == 0 && state.Points.Count == LedgerState.MostPoints ? "at least " : "";
        return missing switch
        {
            0 => null,
            1 => "The last acknowledged write is missing.",
            _ => FormattableString.Invariant($"The last {atLeast}{missing} acknowledged writes are missing."),
        };
    }
}
