using System.Collections.Concurrent;
using System.Diagnostics;
using Meridian.Intents.Tests.Linearizability;

namespace Meridian.Intents.Tests.Chaos;

/// <summary>What all clients of a run asked and were answered, by record.</summary>
public sealed class ChaosHistory
{
    private readonly ConcurrentQueue<(string Name, Call<RecordOperation> Call)> _calls = new();

    public static long Now => Stopwatch.GetTimestamp();

    public int Count => _calls.Count;

    public IEnumerable<Call<RecordOperation>> Calls => _calls.Select(entry => entry.Call);

    /// <value>Every record that an operation was about.</value>
    public IReadOnlyList<string> Names => [.. _calls.Select(entry => entry.Name).Distinct()];

    public void Add(string name, RecordOperation operation, long called, long returned) => _calls.Enqueue((name, new Call<RecordOperation>(operation, called, returned)));

    /// <exception cref="Xunit.Sdk.XunitException">The answers about some record have no order.</exception>
    public void AssertLinearizable()
    {
        foreach (var record in _calls.GroupBy(entry => entry.Name))
        {
            var history = record.Select(entry => entry.Call).OrderBy(call => call.Called).ToList();
            var verdict = LinearizabilityChecker.Check(new RecordSpecification(), history);
            Assert.True(verdict.IsLinearizable, $"The history of '{record.Key}' has no order: {Executions.Describe(history, verdict)}");
        }
    }

    /// <summary>Each epoch is left once, whichever record it is of: what the checker says as well, said in a line.</summary>
    public void AssertNoCompareAndSetTwice()
    {
        var twice = _calls.Where(entry => entry.Call.Operation is { Kind: RecordOperationKind.Made, Condition: > 0 })
            .GroupBy(entry => (entry.Name, entry.Call.Operation.Condition))
            .FirstOrDefault(group => group.Count() > 1);
        Assert.True(twice is null, $"Compare-and-set was made twice on epoch {twice?.Key.Condition} of '{twice?.Key.Name}'.");
    }

    /// <summary>No two changes were made at one revision.</summary>
    public void AssertRevisionsAreUnique()
    {
        var twice = _calls.Where(entry => entry.Call.Operation.Kind == RecordOperationKind.Made).GroupBy(entry => entry.Call.Operation.Epoch).FirstOrDefault(group => group.Count() > 1);
        Assert.True(twice is null, $"Revision {twice?.Key} was given to {twice?.Count()} changes.");
    }
}
