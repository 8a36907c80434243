using MessagePack;

namespace Meridian.Grains.Deployments;

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

    /// <value>
    /// Numbers of the replicas, in the order of the table; null while they are 0 and up. A replica that left is replaced under another number, and whoever takes the deployment over must
    /// find the replacements.
    /// </value>
    [Key(3)] public int[]? Numbers { get; init; }

    /// <summary>The numbers for so many replicas: those kept, then the least that are free.</summary>
    public int[] NumbersFor(int replicas)
    {
        var numbers = new List<int>(Numbers ?? []);
        if (numbers.Count > replicas) numbers.RemoveRange(replicas, numbers.Count - replicas);
        for (var next = 0; numbers.Count < replicas; next++)
        {
            if (!numbers.Contains(next)) numbers.Add(next);
        }

        return [.. numbers];
    }

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
        return new DeploymentState { Replicas = change.Replicas, Sequence = record.Sequence, History = [.. kept, record], Numbers = Numbers };
    }

    /// <summary>Above all numbers that a replica may have: of any remembered change, of the kept ones, and one more that was to replace another when the deployment was lost.</summary>
    public int HighWater()
    {
        var most = Replicas ?? 0;
        foreach (var record in History) most = Math.Max(most, record.Replicas);
        foreach (var number in Numbers ?? []) most = Math.Max(most, number + 1);
        return most == 0 ? 0 : most + 1;
    }
}
