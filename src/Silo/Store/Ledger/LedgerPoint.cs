namespace Meridian.Silo.Store.Ledger;

/// <summary>A position up to which the append-only file is acknowledged.</summary>
/// <param name="Address">End of a commit: every byte before it is acknowledged.</param>
/// <param name="Writes">The number of writes before this address, counted since the ledger began.</param>
internal readonly record struct LedgerPoint(long Address, long Writes);
