namespace Meridian.Grains;

/// <summary>A model of the installation.</summary>
[GenerateSerializer, Immutable, Alias("meridian.DirectoryModel")]
public sealed record DirectoryModel
{
    [Id(0)] public required string Name { get; init; }

    /// <value><c>embedding</c> or <c>generation</c>.</value>
    [Id(1)] public required string Kind { get; init; }

    /// <value>Regions it is deployed to; empty means all.</value>
    [Id(2)] public required string[] Regions { get; init; }
}
