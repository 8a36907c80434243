namespace Meridian.Federation.Protocol;

/// <summary>Why a message did not get through, by what it tells about the region.</summary>
public enum TransportFault
{
    /// <summary>Nobody listens at the address: the process is gone.</summary>
    Refused,

    /// <summary>An established connection broke, or the region ended the call: it may be gone or restarting.</summary>
    Broken,

    /// <summary>No connection within the time allowed, or no way to the address: says little about the region.</summary>
    Unreachable,

    /// <summary>The message exceeds the protocol's limit; no other region would take it.</summary>
    TooLarge,

    /// <summary>The region answered what this edge does not understand.</summary>
    Incompatible,
}
