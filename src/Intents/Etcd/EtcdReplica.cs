using System.Collections.Immutable;
using Google.Protobuf.Collections;
using Meridian.Intents.State;
using Mvccpb;

namespace Meridian.Intents.Etcd;

/// <summary>The state at one etcd revision. Immutable.</summary>
/// <param name="ClusterId">Id of the etcd cluster that the state came from; 0 for none.</param>
/// <param name="AppliedIndex">etcd revision of the state.</param>
/// <param name="Revision">etcd revision of the last change that was made.</param>
internal sealed record EtcdReplica(ulong ClusterId, long AppliedIndex, long Revision, ImmutableSortedDictionary<IntentKey, IntentRecord> Records)
{
    public static EtcdReplica Empty { get; } = new(0, 0, 0, IntentReplica.Empty.Records);

    public static EtcdReplica Of(ulong clusterId, long at, List<KeyValue> found, EtcdKeys keys)
    {
        var records = IntentReplica.Empty.Records.ToBuilder();
        var revision = 0L;
        foreach (var kv in found)
        {
            if (kv.Key == keys.Revision)
                revision = kv.ModRevision;
            else if (keys.ReadRecord(kv.Key) is { } key)
                records[key] = new IntentRecord { Key = key, Epoch = kv.ModRevision, Value = kv.Value.ToByteArray() };
        }

        return new EtcdReplica(clusterId, at, revision, records.ToImmutable());
    }

    /// <summary>The state after these events. The events must follow this state without a gap, and end with a whole change.</summary>
    public EtcdReplica Apply(RepeatedField<Event> events, EtcdKeys keys)
    {
        var records = Records.ToBuilder();
        var (index, revision) = (AppliedIndex, Revision);
        foreach (var happened in events)
        {
            var kv = happened.Kv;
            index = Math.Max(index, kv.ModRevision);
            if (kv.Key == keys.Revision)
                revision = kv.ModRevision;
            else if (keys.ReadRecord(kv.Key) is not { } key)
                continue;
            else if (happened.Type == Event.Types.EventType.Delete)
                records.Remove(key);
            else
                records[key] = new IntentRecord { Key = key, Epoch = kv.ModRevision, Value = kv.Value.ToByteArray() };
        }

        return this with { AppliedIndex = index, Revision = revision, Records = records.ToImmutable() };
    }

    /// <exception cref="IntentLogException">The log of this copy cannot have given an answer from this cluster at this revision.</exception>
    public void Expect(ulong clusterId, long revision)
    {
        if (ClusterId != 0 && clusterId != ClusterId)
            throw new IntentLogException($"The etcd that answers is another cluster ({clusterId:x}) than the one that the local copy is of ({ClusterId:x}). "
                + "Correct the endpoints, or, if the log has moved there, delete the local copy and start this process again.");
        if (revision < AppliedIndex)
            throw new IntentLogException($"etcd is at revision {revision}, the local copy at {AppliedIndex}: etcd was restored from an older copy and changes are lost. "
                + "To go on with what etcd has, delete the local copy and start this process again.");
    }

    public IntentReplica ToReplica()
    {
        var snapshot = ToSnapshot();
        var hash = new Lazy<string>(snapshot.ComputeHash, LazyThreadSafetyMode.PublicationOnly);
        return new IntentReplica { AppliedIndex = AppliedIndex, Revision = Revision, Records = Records, Hash = () => hash.Value };
    }

    /// <summary>The state in the format of the embedded log's snapshots, without voters and operations, which etcd keeps itself.</summary>
    public IntentSnapshot ToSnapshot() => new()
    {
        AppliedIndex = AppliedIndex,
        Revision = Revision,
        Generation = IntentGeneration.None,
        Voters = ImmutableSortedDictionary.Create<string, IntentVoter>(StringComparer.Ordinal),
        Records = Records,
        Operations = ImmutableSortedDictionary<long, RememberedOperation>.Empty,
    };

    public static EtcdReplica Of(ulong clusterId, IntentSnapshot snapshot) => new(clusterId, snapshot.AppliedIndex, snapshot.Revision, snapshot.Records);
}
