namespace Meridian.Inference.Engines.Generation.Scheduling;

/// <summary>Keys and values that a sequence may begin with.</summary>
/// <param name="Tokens">How many; 0 where there are none.</param>
/// <param name="Slot">Where they are.</param>
/// <param name="Roles">How all that the slot holds was computed.</param>
/// <param name="Prefix">Set where they are kept, null where a running sequence has them.</param>
internal readonly record struct PrefixMatch(int Tokens, int Slot, KvRoles Roles, CachedPrefix? Prefix);
