using Etcdserverpb;
using Google.Protobuf;
using Meridian.Intents.State;
using MessagePack;
using MessagePack.Resolvers;
using Mvccpb;

namespace Meridian.Intents.Etcd;

/// <summary>Translates changes to etcd transactions, and etcd's answers to outcomes. Pure: no I/O and no state.</summary>
internal sealed class EtcdTransactions(EtcdKeys keys)
{
    private static readonly MessagePackSerializerOptions Format =
        MessagePackSerializerOptions.Standard.WithResolver(StandardResolver.Instance).WithSecurity(MessagePackSecurity.UntrustedData);

    /// <summary>
    /// Makes the change if its operation was never decided and its conditions hold. Otherwise reads the keys that tell which of the two failed. An epoch is the
    /// modification revision of the record's key; etcd compares a missing key as 0.
    /// </summary>
    public TxnRequest Make(IntentChange change, long lease)
    {
        var request = new TxnRequest { Compare = { Undecided(change.Operation) } };
        foreach (var condition in change.Conditions)
        {
            request.Compare.Add(new Compare
            {
                Key = keys.Record(condition.Key),
                Target = Compare.Types.CompareTarget.Mod,
                Result = Compare.Types.CompareResult.Equal,
                ModRevision = condition.Epoch,
            });
        }

        request.Success.Add(Put(keys.Operation(change.Operation), new EtcdOperation { Made = true, Digest = change.Digest }, lease));
        request.Success.Add(new RequestOp { RequestPut = new PutRequest { Key = keys.Revision, Value = ByteString.CopyFromUtf8(change.Author) } });
        foreach (var write in change.Writes)
        {
            var key = keys.Record(write.Key);
            request.Success.Add(write.Value is { } value
                ? new RequestOp { RequestPut = new PutRequest { Key = key, Value = UnsafeByteOperations.UnsafeWrap(value) } }
                : new RequestOp { RequestDeleteRange = new DeleteRangeRequest { Key = key } });
        }

        request.Failure.Add(Read(keys.Operation(change.Operation)));
        request.Failure.Add(Read(keys.Revision));
        foreach (var condition in change.Conditions)
            request.Failure.Add(Read(keys.Record(condition.Key), keysOnly: true));
        return request;
    }

    /// <summary>Decides that the operation has failed, unless it has been decided already.</summary>
    public TxnRequest Refuse(Guid operation, EtcdOperation failure, long lease) => new()
    {
        Compare = { Undecided(operation) },
        Success = { Put(keys.Operation(operation), failure, lease) },
        Failure = { Read(keys.Operation(operation)), Read(keys.Revision) },
    };

    /// <summary>Reads the outcome of the operation from a transaction whose comparison failed; null if the operation is undecided.</summary>
    /// <param name="response">Answer to the transaction.</param>
    /// <param name="digest">Digest of the change that was sent, or null.</param>
    public static IntentOutcome? ReadDecided(TxnResponse response, byte[]? digest)
    {
        if (response.Responses[0].ResponseRange.Kvs is not [var kv, ..])
            return null;
        try
        {
            var decided = MessagePackSerializer.Deserialize<EtcdOperation>(kv.Value.Memory, Format);
            return new RememberedOperation { Operation = Guid.Empty, Outcome = Outcome(decided, kv.ModRevision), Digest = decided.Digest }.Repeat(digest, ReadRevision(response));
        }
        catch (MessagePackSerializationException exception)
        {
            throw new IntentLogException($"The etcd key '{kv.Key.ToStringUtf8()}' holds no outcome: {exception.Message} Keep everything else off the log's prefix, or choose another one.", exception);
        }
    }

    /// <summary>The log's revision at the moment of a transaction whose comparison failed.</summary>
    public static long ReadRevision(TxnResponse response) => Epoch(response.Responses[1].ResponseRange.Kvs);

    /// <summary>The failure for the first condition that did not hold at the moment of the transaction.</summary>
    public static EtcdOperation ReadConflict(IntentChange change, TxnResponse response)
    {
        for (var i = 0; i < change.Conditions.Length; i++)
        {
            var epoch = Epoch(response.Responses[2 + i].ResponseRange.Kvs);
            if (epoch != change.Conditions[i].Epoch)
                return new EtcdOperation { Made = false, Revision = ReadRevision(response), Conflict = change.Conditions[i].Key, ConflictEpoch = epoch, Digest = change.Digest };
        }

        throw new IntentLogException($"etcd refused the change {change.Operation} whose conditions hold. Its answer at revision {response.Header.Revision} contradicts itself.");
    }

    public static IntentOutcome Outcome(EtcdOperation operation, long writtenAt) => new()
    {
        Made = operation.Made,
        Revision = operation.Made ? writtenAt : operation.Revision,
        Conflict = operation.Conflict,
        ConflictEpoch = operation.ConflictEpoch,
    };

    private Compare Undecided(Guid operation) => new()
    {
        Key = keys.Operation(operation),
        Target = Compare.Types.CompareTarget.Version,
        Result = Compare.Types.CompareResult.Equal,
        Version = 0,
    };

    private static RequestOp Put(ByteString key, EtcdOperation operation, long lease) => new()
    {
        RequestPut = new PutRequest { Key = key, Value = UnsafeByteOperations.UnsafeWrap(MessagePackSerializer.Serialize(operation, Format)), Lease = lease },
    };

    private static RequestOp Read(ByteString key, bool keysOnly = false) => new() { RequestRange = new RangeRequest { Key = key, KeysOnly = keysOnly } };

    private static long Epoch(IList<KeyValue> found) => found is [var kv, ..] ? kv.ModRevision : 0;
}
