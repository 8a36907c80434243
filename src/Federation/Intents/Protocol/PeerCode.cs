namespace Meridian.Federation.Intents.Protocol;

/// <summary>How a member answered another. Numbers are wire format.</summary>
public enum PeerCode
{
    /// <summary>It is done, on a majority.</summary>
    Done = 0,

    /// <summary>The member does not lead; nothing was done. It may say who does.</summary>
    NotLeader = 1,

    /// <summary>It may have been done, or may still be.</summary>
    Unknown = 2,

    /// <summary>It breaks a rule, and always will; the message says which.</summary>
    Refused = 3,
}
