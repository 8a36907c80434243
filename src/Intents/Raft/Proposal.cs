using Meridian.Intents.State;

namespace Meridian.Intents.Raft;

/// <summary>A proposed entry that waits to be applied at the member that proposed it.</summary>
internal sealed class Proposal(IntentCommand command)
{
    private readonly TaskCompletionSource<(long Index, IntentOutcome? Outcome)> _applied = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public IntentCommand Command { get; } = command with { Proposal = Guid.NewGuid() };

    /// <value>Completes when the entry is applied, with its index and its outcome.</value>
    public Task<(long Index, IntentOutcome? Outcome)> Applied => _applied.Task;

    public void Complete(long index, IntentOutcome? outcome) => _applied.TrySetResult((index, outcome));
}

/// <summary>An entry may have been appended, but its outcome is unknown: the leader lost its leadership, or the time was over.</summary>
internal sealed class OutcomeUnknownException(Exception? innerException) : Exception("The leader lost its place, or time ran out, before the entry was on a majority.", innerException);
