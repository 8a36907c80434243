using MessagePack;

namespace Meridian.Federation.Directory;

/// <summary>A region as intent knows it: where it is, under which law, how to reach it.</summary>
[MessagePackObject]
public sealed record RegionMember
{
    /// <value>Unique name, for example <c>westeurope</c>.</value>
    [Key(0)] public required string Name { get; init; }

    /// <value>Law that data in this region is under, for example <c>eu</c>.</value>
    [Key(1)] public required string Jurisdiction { get; init; }

    /// <value>Address of the region protocol (HTTP/2), for example <c>http://127.0.0.1:8190</c>.</value>
    [Key(2)] public required Uri Protocol { get; init; }

    /// <value>Address of the HTTP facade as callers reach it, or null where the region has none.</value>
    [Key(3)] public Uri? Facade { get; init; }

    /// <value>Where it stands, in words, or null.</value>
    [Key(4)] public string? Location { get; init; }

    /// <value>Country by ISO 3166-1 alpha-2, upper case, or null.</value>
    [Key(5)] public string? Country { get; init; }

    /// <value>Price of a replica's hour in the installation's currency; 0 while unknown.</value>
    [Key(6)] public double PricePerHour { get; init; }
}
