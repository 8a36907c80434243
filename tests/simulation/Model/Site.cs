namespace Meridian.Simulation.Model;

/// <summary>A place where clouds have a region.</summary>
/// <param name="Name">Of the region.</param>
/// <param name="Latitude">Degrees.</param>
/// <param name="Longitude">Degrees.</param>
/// <param name="Jurisdiction">Law.</param>
/// <param name="Price">Price of a replica's hour over the cheapest region's.</param>
internal sealed record Site(string Name, double Latitude, double Longitude, string Jurisdiction, double Price)
{
    /// <value>Hours that the sun is ahead of Greenwich's.</value>
    public double SolarOffset => Longitude / 15;
}
