namespace Meridian.Intents.Tests.Linearizability;

/// <summary>What the checker found.</summary>
/// <param name="IsLinearizable">Whether there is an order that explains every answer.</param>
/// <param name="Order">Such an order; otherwise the longest part of one that was found. Indexes into the history.</param>
/// <param name="Stuck">The operations that were open where that part ended: what none of them can explain. Empty if linearizable.</param>
public sealed record Verdict(bool IsLinearizable, IReadOnlyList<int> Order, IReadOnlyList<int> Stuck);
