using MessagePack;

namespace Meridian.Intents.State;

/// <summary>The outcome of an operation, kept to answer a repeat of the operation.</summary>
[MessagePackObject]
public sealed record RememberedOperation
{
    [Key(0)] public required Guid Operation { get; init; }

    [Key(1)] public required IntentOutcome Outcome { get; init; }

    /// <value>
    /// Digest of the change (<see cref="IntentChange.Digest"/>), or null. A snapshot keeps it beside the operations, so that the operations have the same bytes
    /// as in builds from before digests.
    /// </value>
    [IgnoreMember] public byte[]? Digest { get; init; }

    /// <summary>The outcome of a change that is sent under this operation's name again.</summary>
    /// <param name="digest">Digest of that change, or null.</param>
    /// <param name="revision">The log's revision.</param>
    public IntentOutcome Repeat(byte[]? digest, long revision) =>
        Digest is null || digest is null || Digest.AsSpan().SequenceEqual(digest) ? Outcome : new IntentOutcome { Made = false, Revision = revision, Reused = true };
}
