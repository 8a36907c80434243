namespace Meridian.Intents.Wire;

/// <summary>Limits of the connections between regions.</summary>
public sealed class WireOptions
{
    /// <value>Largest message, bytes. Default 24 MiB (below Kestrel's own limit of 30,000,000).</value>
    public int MaxMessageBytes { get; set; } = 24 * 1024 * 1024;

    /// <value>How long a TCP connection to a region may take. Default 1 s.</value>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(1);
}
