using Meridian.IntentNode;
using Meridian.Intents.Tests.Linearizability;

namespace Meridian.Intents.Tests.Chaos;

/// <summary>
/// One caller: changes, compares and sets, and reads records through whichever node, one operation after another. An operation without an answer is repeated through another
/// node or given up, as real callers do; its time is that from the first attempt to the last answer.
/// </summary>
public sealed class ChaosClient(ChaosCluster cluster, ChaosHistory history, ChaosSettings settings, Random random, Func<int> nextValue)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(4);

    private readonly Dictionary<string, long> _epochs = [];

    public int Retries { get; private set; }

    public int Dropped { get; private set; }

    public Task StepAsync() => random.Next(20) switch
    {
        < 7 => ReadAsync(),
        < 12 => ChangeAsync(Name(), conditional: true, delete: false),
        < 16 => ChangeAsync(Name(), conditional: false, delete: false),
        < 17 => ChangeAsync(Name(), conditional: random.Next(2) == 0, delete: true),

        // Written once, never again: a lost one is not hidden by another.
        _ => ChangeAsync($"once-{nextValue()}", conditional: true, delete: false),
    };

    private async Task ReadAsync()
    {
        var name = Name();
        var called = ChaosHistory.Now;
        if (await Node().ReadAsync(Patience) is { Answered: true } replica)
            See(replica, name, called, ChaosHistory.Now);
        else
            Dropped++;
    }

    /// <summary>Enters what a read saw of a record.</summary>
    public void See(NodeReplica replica, string name, long called, long returned)
    {
        var record = replica.Records.FirstOrDefault(record => record.Name == name);
        _epochs[name] = record?.Epoch ?? 0;
        history.Add(name, new RecordOperation { Kind = RecordOperationKind.Read, Value = record?.Value, Epoch = record?.Epoch ?? 0 }, called, returned);
    }

    private async Task ChangeAsync(string name, bool conditional, bool delete)
    {
        var change = new NodeChange(
            new Guid(random.Next(), (short)random.Next(), (short)random.Next(), BitConverter.GetBytes(random.NextInt64())),
            name,
            conditional ? _epochs.GetValueOrDefault(name) : null,
            delete ? null : nextValue(),
            (int)Patience.TotalMilliseconds);
        var operation = new RecordOperation { Kind = RecordOperationKind.Unknown, Condition = change.Condition, Value = change.Value };
        var called = ChaosHistory.Now;
        var unknown = false;
        for (var attempts = 1 + random.Next(4); attempts > 0; attempts--)
        {
            var outcome = await Node().ChangeAsync(change);
            if (outcome.Answered)
            {
                var returned = ChaosHistory.Now;
                history.Add(name, operation with
                {
                    Kind = outcome.Made ? RecordOperationKind.Made : RecordOperationKind.NotMade,
                    Epoch = outcome.Made ? outcome.Revision : outcome.ConflictEpoch,
                }, called, returned);
                Assert.True(!outcome.Made || outcome.LocalRevision >= outcome.Revision, $"The node answered a change at {outcome.Revision} with a copy at {outcome.LocalRevision}.");
                _epochs[name] = outcome.Made ? change.Value is null ? 0 : outcome.Revision : outcome.ConflictEpoch;
                return;
            }

            unknown |= outcome.OutcomeUnknown;
            Retries++;
        }

        if (unknown)
            history.Add(name, operation, called, Call<RecordOperation>.Never);
        else
            Dropped++;
    }

    private NodeClient Node() => cluster.Nodes[random.Next(cluster.Nodes.Length)];

    private string Name() => $"record-{random.Next(settings.Keys)}";
}
