using MessagePack;

namespace Meridian.Intents.State;

/// <summary>
/// One life of the log. A log that was continued by a single member after its majority was lost is another one than that which the lost members still hold: same past, another
/// future. The identity tells them apart, the number which is the later.
/// </summary>
[MessagePackObject]
public sealed record IntentGeneration
{
    /// <value>0 for none, 1 for the founding, one more for each recovery.</value>
    [Key(0)] public required int Number { get; init; }

    /// <value>Drawn at random by whoever begins the generation.</value>
    [Key(1)] public required Guid Id { get; init; }

    /// <value>Before any quorum was founded.</value>
    public static IntentGeneration None { get; } = new() { Number = 0, Id = Guid.Empty };
}
