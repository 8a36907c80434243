namespace Meridian.Silo.Store.Ledger;

/// <summary>The difference between the acknowledged bytes and the bytes in a store's files.</summary>
internal sealed record StoreDamage
{
    /// <value>The ledger's state; null if there is no ledger or it is unreadable.</value>
    public LedgerState? State { get; init; }

    /// <value>Damage that leaves unknown how much is missing, so the region does not start; null if there is none. The text has no full stop.</value>
    public string? Fatal { get; init; }

    /// <value>Whether a file is missing, so the rest of the append-only file is unreadable.</value>
    public bool Incomplete { get; init; }

    /// <value>Where the last acknowledged writes are damaged; null if they are not. Garnet then stops before them, or reads damaged records.</value>
    public string? Tail { get; init; }

    /// <value>Where stored records with their own checksum are damaged; null if there are none. Each is set aside when it is read.</value>
    public string? Records { get; init; }

    /// <value>Why the ledger itself is unreadable, or null.</value>
    public string? Ledger { get; init; }

    public bool IsNone => (Fatal ?? Tail ?? Records ?? Ledger) is null;

    /// <summary>Counts the acknowledged writes that recovery did not find.</summary>
    /// <param name="state">The ledger's state before the start.</param>
    /// <param name="recovered">The address where recovery ended.</param>
    /// <returns>A sentence for an operator, or null if no write is missing.</returns>
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

            // Recovery ended before the oldest remembered commit. The number of writes before that commit that are missing is not known.
            (_, 0) when state.Points[0].Writes > 0 => FormattableString.Invariant($"More than {state.Acknowledged.Writes - state.Points[0].Writes} acknowledged writes are missing."),
            _ => FormattableString.Invariant($"The last {missing} acknowledged writes are missing."),
        };
    }

    /// <summary>The whole damage as a text for an operator; null if there is none.</summary>
    /// <param name="missing">The result of <see cref="Missing"/>, or null.</param>
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
