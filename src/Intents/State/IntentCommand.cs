using MessagePack;

namespace Meridian.Intents.State;

/// <summary>
/// One entry of the log: exactly one of its fields, <see cref="Proposal"/> aside, is set. Kept on disk and sent between builds: keys are added, never reused. An entry of a kind that this build does not know
/// reads as one with nothing set, which <see cref="IntentStateMachine"/> refuses to apply.
/// </summary>
[MessagePackObject]
public sealed record IntentCommand
{
    /// <value>A change of records.</value>
    [Key(0)] public IntentChange? Change { get; init; }

    /// <value>Enters a voter, or what is new about it, in the address book. Who votes is decided by consensus itself; this says where each of them is found.</value>
    [Key(1)] public IntentVoter? Voter { get; init; }

    /// <value>Name of a voter that has left.</value>
    [Key(2)] public string? Left { get; init; }

    /// <value>Begins a generation: the first when the quorum is founded, a later one after a majority was lost and one member was told to go on alone.</value>
    [Key(3)] public IntentGeneration? Generation { get; init; }

    /// <value>Changes nothing: whoever has applied it has applied all that was acknowledged before it was proposed.</value>
    [Key(4)] public bool Barrier { get; init; }

    /// <value>
    /// Names this attempt at an entry. A leader that lost its place may see another's entry at the index where it had appended its own; only the name tells them apart.
    /// </value>
    [Key(5)] public Guid Proposal { get; init; }
}
