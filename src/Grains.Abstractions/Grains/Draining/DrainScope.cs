namespace Meridian.Grains.Draining;

/// <summary>What is drained. The numbers are wire format.</summary>
public enum DrainScope
{
    /// <summary>The whole region: other regions and front doors send it nothing new.</summary>
    Region = 1,

    /// <summary>One silo: its replicas are replaced on others.</summary>
    Silo = 2,

    /// <summary>One replica of a model: it is replaced.</summary>
    Replica = 3,
}
