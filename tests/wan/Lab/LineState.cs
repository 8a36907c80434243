namespace Meridian.Wan.Lab;

/// <summary>What a direction of a link does with packets.</summary>
public enum LineState
{
    /// <summary>Carries them.</summary>
    Open,

    /// <summary>Holds them, and delivers all of them in order once it is open again: a route that hangs for a while.</summary>
    Stalled,

    /// <summary>Loses them, those on their way included, and tells nobody: a cut cable.</summary>
    Cut,

    /// <summary>Answers every TCP packet with a reset, as a firewall that rejects: connects are refused, connections break.</summary>
    Rejecting,
}
