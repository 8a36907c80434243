using Meridian.Intents;

namespace Meridian.Federation.Tests.Directory;

/// <summary>Copies of the intent log made by hand.</summary>
internal static class Replicas
{
    /// <summary>One record a change, in the given order.</summary>
    public static IntentReplica Of(params (string Kind, string Name, object Record)[] records)
    {
        var replica = IntentReplica.Empty;
        foreach (var (kind, name, record) in records)
            replica = replica.With(kind, name, record);
        return replica;
    }

    public static IntentReplica With(this IntentReplica replica, string kind, string name, object record)
    {
        var bytes = record as byte[] ?? MessagePack.MessagePackSerializer.Serialize(record.GetType(), record);
        return replica.Apply([new IntentWrite(new IntentKey(kind, name), bytes)]);
    }

    public static IntentReplica Apply(this IntentReplica replica, IReadOnlyList<IntentWrite> writes)
    {
        var revision = replica.Revision + 1;
        var records = replica.Records;
        foreach (var write in writes)
            records = write.Value is null ? records.Remove(write.Key) : records.SetItem(write.Key, new IntentRecord { Key = write.Key, Epoch = revision, Value = write.Value });
        return replica with { AppliedIndex = replica.AppliedIndex + 1, Revision = revision, Records = records };
    }
}
