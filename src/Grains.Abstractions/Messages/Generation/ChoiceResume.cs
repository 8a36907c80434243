using MessagePack;

namespace Meridian.Messages.Generation;

/// <summary>How far a choice has come elsewhere. Text, stop strings, penalties and draws are rebuilt from the ids.</summary>
[GenerateSerializer, Immutable, Alias("meridian.ChoiceResume"), MessagePackObject]
public sealed record ChoiceResume
{
    /// <value>Index of the choice in the request.</value>
    [Id(0), Key(0)] public required int Choice { get; init; }

    /// <value>Ids generated so far, in order; may be empty.</value>
    [Id(1), Key(1)] public required int[] TokenIds { get; init; }
}
