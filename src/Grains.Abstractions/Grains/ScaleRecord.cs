using MessagePack;

namespace Meridian.Grains;

/// <summary>An acknowledged change of the number of replicas.</summary>
[GenerateSerializer, Immutable, Alias("meridian.ScaleRecord"), MessagePackObject]
public sealed record ScaleRecord
{
    /// <value>1 for the deployment's first change, then rising by one.</value>
    [Id(0), Key(0)] public required long Sequence { get; init; }

    [Id(1), Key(1)] public required string OperationId { get; init; }

    [Id(2), Key(2)] public required int Replicas { get; init; }

    [Id(3), Key(3)] public required string By { get; init; }

    [Id(4), Key(4)] public string? Reason { get; init; }

    [Id(5), Key(5)] public required DateTimeOffset At { get; init; }
}
