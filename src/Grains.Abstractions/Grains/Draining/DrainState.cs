namespace Meridian.Grains.Draining;

/// <summary>How far a drain is. The numbers are wire format.</summary>
public enum DrainState
{
    /// <summary>Nothing is drained.</summary>
    Open = 0,

    /// <summary>Takes nothing new; something still runs.</summary>
    Draining = 1,

    /// <summary>Nothing runs. A request that has nowhere else to go may still come, and makes it <see cref="Draining"/> again.</summary>
    Empty = 2,
}
