using Meridian.Intents.State;

namespace Meridian.Intents.Raft;

/// <summary>An entry on its way through the log of the member that proposed it.</summary>
internal sealed class Proposal(IntentCommand command)
{
    private readonly TaskCompletionSource<(long Index, IntentOutcome? Outcome)> _applied = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public IntentCommand Command { get; } = command with { Proposal = Guid.NewGuid() };

    /// <value>Where it was applied, and what became of it.</value>
    public Task<(long Index, IntentOutcome? Outcome)> Applied => _applied.Task;

    public void Complete(long index, IntentOutcome? outcome) => _applied.TrySetResult((index, outcome));
}

/// <summary>An entry was appended, but what became of it was not seen: its leader lost its place, or time ran out.</summary>
internal sealed class OutcomeUnknownException(Exception? innerException) : Exception("The leader lost its place, or time ran out, before the entry was on a majority.", innerException);
