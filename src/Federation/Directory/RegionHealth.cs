namespace Meridian.Federation.Directory;

/// <summary>One observer's judgement of a region.</summary>
public enum RegionHealth
{
    /// <summary>Never heard of since this observer started.</summary>
    Unknown = 0,

    /// <summary>Heard of as often as expected.</summary>
    Alive = 1,

    /// <summary>Silent for longer than is usual: used only where nothing better is left.</summary>
    Suspect = 2,

    /// <summary>Refused, or silent for so long that waiting is pointless.</summary>
    Dead = 3,
}
