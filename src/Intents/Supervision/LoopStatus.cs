namespace Meridian.Intents.Supervision;

/// <summary>The state of a background loop, for operators.</summary>
/// <param name="Name">The loop's task, in words.</param>
/// <param name="Failures">Number of failures since the process started.</param>
/// <param name="Problem">Reason of the last failure, or null once the loop has run for a while since.</param>
public sealed record LoopStatus(string Name, long Failures, string? Problem);
