using MessagePack;

namespace Meridian.Federation.Intents;

/// <summary>What must hold for a change to be made.</summary>
/// <param name="Key">Record looked at.</param>
/// <param name="Epoch">Epoch that it must have; 0: it must not exist.</param>
[MessagePackObject]
public readonly record struct IntentCondition([property: Key(0)] IntentKey Key, [property: Key(1)] long Epoch);
