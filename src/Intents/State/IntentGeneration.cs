using MessagePack;

namespace Meridian.Intents.State;

/// <summary>
/// A generation of the log. If a single member continues the log after its majority was lost, that log and the log of the lost members have the same past but
/// different futures. They are two logs. The id distinguishes them; the number tells which is later.
/// </summary>
[MessagePackObject]
public sealed record IntentGeneration
{
    /// <value>0 for no generation, 1 for the founding, one more for each recovery.</value>
    [Key(0)] public required int Number { get; init; }

    /// <value>Random id, drawn by the member that begins the generation.</value>
    [Key(1)] public required Guid Id { get; init; }

    /// <value>The value before any quorum was founded.</value>
    public static IntentGeneration None { get; } = new() { Number = 0, Id = Guid.Empty };
}
