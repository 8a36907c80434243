using MessagePack;

namespace Meridian.Federation.Intents;

/// <summary>A member of the log's quorum.</summary>
[MessagePackObject]
public sealed record IntentVoter
{
    /// <value>Name of the region, or of the witness.</value>
    [Key(0)] public required string Name { get; init; }

    /// <value>Where it speaks consensus, <c>host:port</c>.</value>
    [Key(1)] public required string Consensus { get; init; }

    /// <value>Where it answers the region protocol: changes are forwarded there while it leads.</value>
    [Key(2)] public required Uri Protocol { get; init; }

    /// <value>Votes and keeps the log, but never leads: the third voter of two regions.</value>
    [Key(3)] public bool Witness { get; init; }
}
