namespace Meridian.Silo.Configuration;

/// <summary>The roles of a region process.</summary>
[Flags]
public enum RegionRoles
{
    None = 0,

    /// <summary>Runs the region's embedded Redis.</summary>
    Store = 1,

    /// <summary>Manages the region's model store: installs the configured models.</summary>
    Control = 2,

    /// <summary>Runs an Orleans silo with the region's grains and engines.</summary>
    Silo = 4,

    /// <summary>Serves the HTTP facade and the region protocol.</summary>
    Facade = 8,

    /// <summary>A whole region in one process.</summary>
    All = Store | Control | Silo | Facade,
}
