namespace Meridian.Grains.Draining;

/// <summary>Names what is drained.</summary>
[GenerateSerializer, Immutable, Alias("meridian.DrainTarget")]
public sealed record DrainTarget
{
    public static DrainTarget Region { get; } = new() { Scope = DrainScope.Region };

    [Id(0)] public required DrainScope Scope { get; init; }

    /// <value>With <see cref="DrainScope.Silo"/>: the silo's address in full (<c>S127.0.0.1:8111:123</c>) or without its generation (<c>127.0.0.1:8111</c>); else null.</value>
    [Id(1)] public string? Silo { get; init; }

    /// <value>With <see cref="DrainScope.Replica"/>: the model's name; else null.</value>
    [Id(2)] public string? Model { get; init; }

    /// <value>With <see cref="DrainScope.Replica"/>: the replica's number.</value>
    [Id(3)] public int Replica { get; init; }
}
