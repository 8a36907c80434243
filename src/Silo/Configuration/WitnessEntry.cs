namespace Meridian.Silo.Configuration;

/// <summary>A voter without a region.</summary>
public sealed class WitnessEntry
{
    /// <value>Unique name among regions and witnesses: lower-case letters, digits and <c>-</c>.</value>
    public string Name { get; set; } = "";

    /// <value>Where it speaks consensus, <c>host:port</c>.</value>
    public string Consensus { get; set; } = "";

    /// <value>Address (HTTP/2) for changes of the log.</value>
    public Uri? Control { get; set; }
}
