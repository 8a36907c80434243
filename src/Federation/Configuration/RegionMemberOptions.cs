namespace Meridian.Federation.Configuration;

/// <summary>One region of the installation. Addresses are texts so that a wrong one is reported together with all other mistakes.</summary>
public sealed class RegionMemberOptions
{
    /// <value>Unique name, for example <c>westeurope</c>. A front door may leave it empty: the address stands in until the region's intent is known.</value>
    public string? Name { get; set; }

    /// <value>Law that data in the region is under, for example <c>eu</c>. A front door may leave it empty until the region's intent is known.</value>
    public string? Jurisdiction { get; set; }

    /// <value>Address of the region protocol, for example <c>http://127.0.0.1:8190</c>.</value>
    public string Protocol { get; set; } = "";

    /// <value>Address of the HTTP facade as callers reach it, or null.</value>
    public string? Facade { get; set; }

    /// <value>Where it stands, in words, or null.</value>
    public string? Location { get; set; }

    /// <value>Country by ISO 3166-1 alpha-2, upper case, or null.</value>
    public string? Country { get; set; }

    /// <value>Price of a replica's hour in the installation's currency; 0 while unknown.</value>
    public double PricePerHour { get; set; }
}
