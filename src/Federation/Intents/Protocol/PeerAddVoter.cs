using MessagePack;

namespace Meridian.Federation.Intents.Protocol;

/// <summary>Asks to let a member in.</summary>
[MessagePackObject]
public sealed record PeerAddVoter
{
    [Key(0)] public required string From { get; init; }

    [Key(1)] public required IntentVoter Voter { get; init; }

    /// <value>
    /// The first of two steps of a member with nothing on disk: whoever votes under its address today has lost what it had voted for, and is removed. The second step adds it anew.
    /// </value>
    [Key(2)] public bool Forget { get; init; }
}
