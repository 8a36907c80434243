using MessagePack;

namespace Meridian.Messages.Generation;

/// <summary>One turn of a conversation.</summary>
[GenerateSerializer, Immutable, Alias("meridian.ChatMessage"), MessagePackObject]
public sealed record ChatMessage
{
    /// <value><c>system</c>, <c>developer</c>, <c>user</c> or <c>assistant</c>.</value>
    [Id(0), Key(0)] public required string Role { get; init; }

    [Id(1), Key(1)] public required string Content { get; init; }

    /// <value>Name of the participant, or null.</value>
    [Id(2), Key(2)] public string? Name { get; init; }
}
