namespace Meridian.Intents.Supervision;

/// <summary>How a background loop does, for operators.</summary>
/// <param name="Name">What the loop does, in words.</param>
/// <param name="Failures">How often it has failed since the process started.</param>
/// <param name="Problem">Why it failed last, or null once it has run for a while since.</param>
public sealed record LoopStatus(string Name, long Failures, string? Problem);
