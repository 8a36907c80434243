using Meridian.Grains;
using Meridian.Messages;
using Orleans.Concurrency;

namespace Meridian.Client.Tests.Harness;

/// <summary>The shard that the streams of a test region are read from.</summary>
[Reentrant]
public sealed class ScriptedShard(RegionScript script) : Grain, IModelShard
{
    public Task<StreamReply> Read(Guid stream, long offset, CancellationToken cancellationToken = default) =>
        Find(stream) is { } found
            ? found.ReadAsync(offset, cancellationToken)
            : Task.FromResult(StreamReply.Refuse(RefusalCode.RegionLost, $"There is no stream {stream}."));

    public Task Close(Guid stream)
    {
        Find(stream)?.Close();
        return script.Closing;
    }

    public Task<ShardStatus> Load(CancellationToken cancellationToken = default) => Status(cancellationToken);

    public Task<ShardStatus> Status(CancellationToken cancellationToken = default) =>
        Task.FromResult(new ShardStatus { Key = this.GetPrimaryKeyString(), State = ShardState.Ready });

    public Task<InferReply> Infer(InferRequest request, CancellationToken cancellationToken = default) => script.Infer(request, cancellationToken);

    public Task<StreamReply> Open(InferRequest request, CancellationToken cancellationToken = default) => script.Open(request, cancellationToken);

    public Task Unload(CancellationToken cancellationToken = default) => Task.CompletedTask;

    private ScriptedStream? Find(Guid stream) => script.Streams.FirstOrDefault(s => s.Head.Stream == stream);
}
