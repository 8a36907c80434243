using MessagePack;

namespace Meridian.Federation.Intents;

/// <summary>A record to write or to delete.</summary>
/// <param name="Key">Which record.</param>
/// <param name="Value">Its new value, or null to delete it.</param>
[MessagePackObject]
public readonly record struct IntentWrite([property: Key(0)] IntentKey Key, [property: Key(1)] byte[]? Value);
