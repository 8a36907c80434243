namespace Meridian.Silo.Store.Ledger;

/// <summary>How far the append-only file is acknowledged.</summary>
/// <param name="Address">End of a commit: everything before it is acknowledged.</param>
/// <param name="Writes">Writes up to there, counted since the ledger began.</param>
internal readonly record struct LedgerPoint(long Address, long Writes);
