namespace Meridian.Intents.Tests.Linearizability;

/// <summary>What an object does when its operations come one after another.</summary>
public interface ISequentialSpecification<TState, TOperation>
    where TState : notnull
{
    TState Initial { get; }

    /// <summary>Whether the operation, with the answer that it had, is possible in this state; and the state after it.</summary>
    bool TryApply(TState state, TOperation operation, out TState next);
}
