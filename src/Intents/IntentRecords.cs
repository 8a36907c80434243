using System.Diagnostics.CodeAnalysis;
using Meridian.Intents.Wire;
using MessagePack;

namespace Meridian.Intents;

/// <summary>Converts between a record's bytes and its type.</summary>
public static class IntentRecords
{
    public static byte[] Bytes<T>(T record) => MessagePackSerializer.Serialize(record, WireFormat.Options);

    /// <summary>
    /// Reads a record. False if the bytes are not such a record: a later build or an operator's mistake wrote them. Unknown fields of later builds are skipped.
    /// </summary>
    public static bool TryRead<T>(byte[] bytes, [NotNullWhen(true)] out T? record)
        where T : class
    {
        try
        {
            record = MessagePackSerializer.Deserialize<T>(bytes, WireFormat.Options);
            return record is not null;
        }
        catch (MessagePackSerializationException)
        {
            record = null;
            return false;
        }
    }

    /// <summary>The record with this kind and name, or null if there is none or it cannot be read.</summary>
    public static T? Find<T>(this IntentReplica replica, string kind, string name)
        where T : class =>
        replica.Records.TryGetValue(new IntentKey(kind, name), out var found) && TryRead<T>(found.Value, out var record) ? record : null;

    /// <summary>Epoch of a record; 0 if it does not exist.</summary>
    public static long EpochOf(this IntentReplica replica, IntentKey key) => replica.Records.TryGetValue(key, out var found) ? found.Epoch : 0;
}
