using MessagePack;

namespace Meridian.Grains.Scaling;

/// <summary>What a deployment keeps in the region's store. Old records are read for ever: add under new keys, never renumber.</summary>
[MessagePackObject]
public sealed record DeploymentState
{
    /// <summary>Changes that are kept; an operation id is remembered as long as its change is.</summary>
    public const int MaxHistory = 256;

    /// <value>Replicas asked for last; null while nobody asked, and the region's options decide.</value>
    [Key(0)] public int? Replicas { get; init; }

    /// <value>Sequence of the newest change, 0 for none.</value>
    [Key(1)] public long Sequence { get; init; }

    /// <value>Newest changes, oldest first, at most <see cref="MaxHistory"/>.</value>
    [Key(2)] public ScaleRecord[] History { get; init; } = [];

    /// <summary>The change that an operation id stands for, or null.</summary>
    public ScaleRecord? Find(string operationId)
    {
        for (var i = History.Length - 1; i >= 0; i--)
        {
            if (string.Equals(History[i].OperationId, operationId, StringComparison.Ordinal)) return History[i];
        }

        return null;
    }

    /// <summary>The state after a change; <see cref="History"/>'s last is its record.</summary>
    public DeploymentState With(ScaleChange change, DateTimeOffset at)
    {
        ArgumentNullException.ThrowIfNull(change);
        var record = new ScaleRecord
        {
            Sequence = Sequence + 1,
            OperationId = change.OperationId,
            Replicas = change.Replicas,
            By = change.By,
            Reason = change.Reason,
            At = at,
        };
        var kept = History.AsSpan(Math.Max(0, History.Length + 1 - MaxHistory));
        return new DeploymentState { Replicas = change.Replicas, Sequence = record.Sequence, History = [.. kept, record] };
    }

    /// <summary>Most replicas that any remembered change asked for: shards up to there may still be loaded.</summary>
    public int HighWater()
    {
        var most = Replicas ?? 0;
        foreach (var record in History) most = Math.Max(most, record.Replicas);
        return most;
    }
}
