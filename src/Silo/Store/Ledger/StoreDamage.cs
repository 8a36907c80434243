namespace Meridian.Silo.Store.Ledger;

/// <summary>What a store's files lack of what was acknowledged.</summary>
internal sealed record StoreDamage
{
    /// <value>What the ledger said; null where there is none, or none that can be read.</value>
    public LedgerState? State { get; init; }

    /// <value>Damage that leaves unknown how much is missing: the region does not start; null where there is none. Without a full stop.</value>
    public string? Fatal { get; init; }

    /// <value>Whether files are missing altogether: what is left of the append-only file cannot be read without them.</value>
    public bool Incomplete { get; init; }

    /// <value>Where the last acknowledged writes are damaged; null where they are not. Garnet ends before them, or reads damaged records.</value>
    public string? Tail { get; init; }

    /// <value>Where stored records are damaged that carry their own checksum: each is set aside when it is read; null where there are none.</value>
    public string? Records { get; init; }

    /// <value>Why the ledger itself tells nothing, or null.</value>
    public string? Ledger { get; init; }

    public bool IsNone => (Fatal ?? Tail ?? Records ?? Ledger) is null;

    /// <summary>Writes that were acknowledged and that recovery did not find.</summary>
    /// <param name="state">What the ledger said before the start.</param>
    /// <param name="recovered">Where recovery ended.</param>
    /// <returns>In words for an operator, or null where none is missing.</returns>
    public static string? Missing(LedgerState state, long recovered)
    {
        if (recovered >= state.Acknowledged.Address)
        {
            return null;
        }

        var known = state.Points.LastOrDefault(point => point.Address <= recovered);
        var missing = state.Acknowledged.Writes - known.Writes;
        return (missing, known.Address) switch
        {
            (0, _) => null,
            (1, _) => "The last acknowledged write is missing.",

            // Earlier commits than those remembered: how many writes they had is not known.
            (_, 0) when state.Points[0].Writes > 0 => FormattableString.Invariant($"More than {state.Acknowledged.Writes - state.Points[0].Writes} acknowledged writes are missing."),
            _ => FormattableString.Invariant($"The last {missing} acknowledged writes are missing."),
        };
    }

    /// <summary>All of it for an operator; null where there is nothing to say.</summary>
    /// <param name="missing">What recovery did not find, or null.</param>
    public string? InWords(string? missing)
    {
        List<string> lines = [];
        if (Fatal is not null)
        {
            lines.Add($"The store was started with --accept-store-loss: {Fatal}.");
        }

        if (missing is not null)
        {
            lines.Add($"The store's append-only file could not be read to its end. {missing}");
        }
        else if (Tail is not null)
        {
            lines.Add($"The last records of the store are damaged ({Tail}). Each is set aside when it is read.");
        }

        if (Records is not null)
        {
            lines.Add($"Stored records are damaged ({Records}). Each is set aside when it is read.");
        }

        if (Ledger is not null)
        {
            lines.Add(Ledger);
        }

        return lines.Count == 0 ? null : string.Join(' ', lines);
    }
}
