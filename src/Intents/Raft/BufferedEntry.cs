using DotNext.IO;
using DotNext.Net.Cluster.Consensus.Raft;

namespace Meridian.Intents.Raft;

/// <summary>An entry whose bytes have all been read from the network.</summary>
internal sealed class BufferedEntry(long term, bool configuration, int? commandId, ReadOnlyMemory<byte> content) : IRaftLogEntry
{
    public long Term => term;

    public bool IsConfiguration => configuration;

    public int? CommandId => commandId;

    public bool IsSnapshot => false;

    bool IDataTransferObject.IsReusable => true;

    long? IDataTransferObject.Length => content.Length;

    bool IDataTransferObject.TryGetMemory(out ReadOnlyMemory<byte> memory)
    {
        memory = content;
        return true;
    }

    ValueTask IDataTransferObject.WriteToAsync<TWriter>(TWriter writer, CancellationToken token) => writer.Invoke(content, token);
}
