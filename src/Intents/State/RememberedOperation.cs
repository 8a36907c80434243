using MessagePack;

namespace Meridian.Intents.State;

/// <summary>What became of an operation, for whoever sends it again.</summary>
[MessagePackObject]
public sealed record RememberedOperation
{
    [Key(0)] public required Guid Operation { get; init; }

    [Key(1)] public required IntentOutcome Outcome { get; init; }

    /// <value>Of the change (<see cref="IntentChange.Digest"/>), or null. A snapshot keeps it beside the operations, so that the bytes of the operations are those of builds before digests.</value>
    [IgnoreMember] public byte[]? Digest { get; init; }

    /// <summary>What becomes of a change that is sent under this operation's name.</summary>
    /// <param name="digest">Of that change.</param>
    /// <param name="revision">The log's.</param>
    public IntentOutcome Repeat(byte[]? digest, long revision) =>
        Digest is null || digest is null || Digest.AsSpan().SequenceEqual(digest) ? Outcome : new IntentOutcome { Made = false, Revision = revision, Reused = true };
}
