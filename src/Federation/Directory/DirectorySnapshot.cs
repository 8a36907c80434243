using System.Collections.Frozen;

namespace Meridian.Federation.Directory;

/// <summary>Intent plus view: all that a routing decision may look at. Immutable and swapped whole, so readers need no lock.</summary>
public sealed record DirectorySnapshot
{
    /// <value>Name of the observing edge, for example <c>front-door</c> or the region's name.</value>
    public required string Edge { get; init; }

    /// <value>The observer's own region, or null for a front door.</value>
    public string? OwnRegion { get; init; }

    public required Intent Intent { get; init; }

    /// <value>By region name; a member that was never heard of has <see cref="RegionHealth.Unknown"/>.</value>
    public required FrozenDictionary<string, RegionView> Views { get; init; }
}
