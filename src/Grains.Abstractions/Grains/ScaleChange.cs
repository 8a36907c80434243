namespace Meridian.Grains;

/// <summary>A request to change the number of replicas.</summary>
[GenerateSerializer, Immutable, Alias("meridian.ScaleChange")]
public sealed record ScaleChange
{
    /// <summary>Most replicas that a deployment may have.</summary>
    public const int MaxReplicas = 64;

    /// <value>Id of the operation, chosen by the caller. A repeated operation gets the answer of the first.</value>
    [Id(0)] public required string OperationId { get; init; }

    /// <value>0 to <see cref="MaxReplicas"/>.</value>
    [Id(1)] public required int Replicas { get; init; }

    /// <value>Who asks.</value>
    [Id(2)] public string By { get; init; } = "unknown";

    [Id(3)] public string? Reason { get; init; }
}
