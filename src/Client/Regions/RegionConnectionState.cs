namespace Meridian.Client;

/// <summary>The client's view of a region.</summary>
public enum RegionConnectionState
{
    /// <summary>Not reached since the client started.</summary>
    Connecting = 0,

    /// <summary>Connected, and it answers.</summary>
    Alive = 1,

    /// <summary>Was connected and is not; the client keeps trying.</summary>
    Lost = 2,

    /// <summary>Under a jurisdiction that the client's residency does not permit: never connected to.</summary>
    Excluded = 3,
}
