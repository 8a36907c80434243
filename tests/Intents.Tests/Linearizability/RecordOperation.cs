using System.Globalization;

namespace Meridian.Intents.Tests.Linearizability;

/// <summary>An operation on one record, with its answer.</summary>
public sealed record RecordOperation
{
    public required RecordOperationKind Kind { get; init; }

    /// <value>Of a change: the epoch that the record must have, 0 for none; null: unconditional.</value>
    public long? Condition { get; init; }

    /// <value>Of a change: what it writes, or null to delete. Of a read: what it saw, or null for nothing.</value>
    public int? Value { get; init; }

    /// <value>Of a change that was made: its revision. Of one that was not, and of a read: the epoch that the record had, 0 for none.</value>
    public long Epoch { get; init; }

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Kind}{(Condition is { } epoch ? $" if {epoch}" : "")} {(Kind == RecordOperationKind.Read ? "saw" : "writes")} {Value?.ToString(CultureInfo.InvariantCulture) ?? "nothing"} @ {Epoch}");
}
