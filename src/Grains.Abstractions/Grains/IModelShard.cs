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

    [Alias("Infer"), AlwaysInterleave]
    Task<InferReply> Infer(InferRequest request, CancellationToken cancellationToken = default);

    /// <summary>Takes nothing new, finishes what runs, frees the session and deactivates.</summary>
    [Alias("Unload"), AlwaysInterleave]
    Task Unload(CancellationToken cancellationToken = default);
}
