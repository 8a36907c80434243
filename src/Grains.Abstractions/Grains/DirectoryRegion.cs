namespace Meridian.Grains;

/// <summary>A region of the installation.</summary>
[GenerateSerializer, Immutable, Alias("meridian.DirectoryRegion")]
public sealed record DirectoryRegion
{
    [Id(0)] public required string Name { get; init; }

    /// <value>Law that data there is under, for example <c>eu</c>.</value>
    [Id(1)] public required string Jurisdiction { get; init; }

    /// <value>Address of the HTTP facade, or null.</value>
    [Id(2)] public string? Facade { get; init; }

    [Id(3)] public string? Location { get; init; }
}
