namespace Meridian.Inference.Engines.Generation.Scheduling;

/// <summary>Cached keys and values that a sequence can reuse.</summary>
/// <param name="Tokens">Number of reusable tokens; 0 for no match.</param>
/// <param name="Slot">The slot that holds them.</param>
/// <param name="Roles">How the whole content of the slot was computed.</param>
/// <param name="Prefix">The kept prefix that holds them, or null if a running sequence holds them.</param>
internal readonly record struct PrefixMatch(int Tokens, int Slot, KvRoles Roles, CachedPrefix? Prefix);
