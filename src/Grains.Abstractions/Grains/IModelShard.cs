using Meridian.Messages;
using Orleans.Concurrency;

namespace Meridian.Grains;

/// <summary>A contiguous range of a version's layers in one session on one device. The key is a <see cref="ShardKey"/>.</summary>
[Alias("meridian.IModelShard")]
public interface IModelShard : IGrainWithStringKey
{
    /// <summary>Starts loading (or starts it again after a failure) and returns at once with the status; idempotent.</summary>
    [Alias("Load"), AlwaysInterleave]
    Task<ShardStatus> Load(CancellationToken cancellationToken = default);

    [Alias("Status"), AlwaysInterleave]
    Task<ShardStatus> Status(CancellationToken cancellationToken = default);

    [ResponseTimeout(CallLimits.Request), Alias("Infer"), AlwaysInterleave]
    Task<InferReply> Infer(InferRequest request, CancellationToken cancellationToken = default);

    /// <summary>
    /// Starts generating and answers with the head and the first tokens, or a refusal. The stream lives until it is read to its end, closed, or not read for a while.
    /// Takes an input of kind <see cref="Messages.GenerationInput"/> only.
    /// </summary>
    [ResponseTimeout(CallLimits.Request), Alias("Open"), AlwaysInterleave]
    Task<StreamReply> Open(InferRequest request, CancellationToken cancellationToken = default);

    /// <summary>
    /// Tokens from an offset on: what is there, or the next ones when they come (then at most a few seconds are waited, and the frame may be empty). Asking for an offset
    /// acknowledges everything before it, which may then be forgotten.
    /// </summary>
    /// <param name="stream">The head's.</param>
    /// <param name="offset">The last frame's <see cref="StreamFrame.Next"/>.</param>
    /// <param name="cancellationToken">Ends the wait, not the stream.</param>
    [Alias("Read"), AlwaysInterleave]
    Task<StreamReply> Read(Guid stream, long offset, CancellationToken cancellationToken = default);

    /// <summary>Ends a stream whose reader is gone; the engine stops working on it before its next step but one. Does nothing for one that has ended.</summary>
    [Alias("Close"), AlwaysInterleave]
    Task Close(Guid stream);

    /// <summary>Takes nothing new, finishes what runs, frees the session and deactivates.</summary>
    [Alias("Unload"), AlwaysInterleave]
    Task Unload(CancellationToken cancellationToken = default);
}
