using MessagePack;

namespace Meridian.Intents.State;

/// <summary>
/// One entry of the log. Exactly one of its fields, apart from <see cref="Proposal"/>, is set. It is kept on disk and sent between builds, so keys are added,
/// never reused. An entry of a kind that this build does not know reads as an entry with no field set, which <see cref="IntentStateMachine"/> refuses to apply.
/// </summary>
[MessagePackObject]
public sealed record IntentCommand
{
    /// <value>A change of records.</value>
    [Key(0)] public IntentChange? Change { get; init; }

    /// <value>Adds a voter to the address book, or updates it. Consensus itself decides who votes; the address book only gives each voter's addresses.</value>
    [Key(1)] public IntentVoter? Voter { get; init; }

    /// <value>Name of a voter that has left.</value>
    [Key(2)] public string? Left { get; init; }

    /// <value>
    /// Begins a generation: the first when the quorum is founded, a later one after a majority was lost and one member was told to continue alone.
    /// </value>
    [Key(3)] public IntentGeneration? Generation { get; init; }

    /// <value>An entry that changes nothing. A member that has applied it has applied every change that was acknowledged before it was proposed.</value>
    [Key(4)] public bool Barrier { get; init; }

    /// <value>
    /// Names this attempt at an entry. A leader that lost its leadership may see another leader's entry at the index of its own entry. Only this name
    /// distinguishes the two.
    /// </value>
    [Key(5)] public Guid Proposal { get; init; }
}
