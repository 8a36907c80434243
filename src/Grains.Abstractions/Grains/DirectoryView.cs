namespace Meridian.Grains;

/// <summary>Intent as a silo has it.</summary>
[GenerateSerializer, Immutable, Alias("meridian.DirectoryView")]
public sealed record DirectoryView
{
    /// <value>Rises with every change.</value>
    [Id(0)] public required long Epoch { get; init; }

    [Id(1)] public required DirectoryRegion[] Regions { get; init; }

    [Id(2)] public required DirectoryModel[] Models { get; init; }

    /// <value>Jurisdictions that a tenant's data may enter, by tenant. A tenant without an entry is not restricted.</value>
    [Id(3)] public required Dictionary<string, string[]> Residency { get; init; }
}
