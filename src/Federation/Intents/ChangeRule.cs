namespace Meridian.Federation.Intents;

/// <summary>Judges a change before it is proposed, beside <see cref="State.IntentRules"/>, which say what any log can take.</summary>
/// <param name="change">Well-formed.</param>
/// <param name="replica">What is in the log.</param>
/// <returns>What is wrong, or null.</returns>
public delegate string? ChangeRule(IntentChange change, IntentReplica replica);
