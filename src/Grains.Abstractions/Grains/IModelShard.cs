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
    /// Returns the tokens from an offset on. If there are none yet, the call waits a few seconds for the next tokens, and may return an empty frame. A call with an
    /// offset acknowledges all tokens before it, and the shard may then drop them.
    /// </summary>
    /// <param name="stream">The id of the stream, from its head.</param>
    /// <param name="offset">The <see cref="StreamFrame.Next"/> of the last frame.</param>
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
