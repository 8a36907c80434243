namespace Meridian.IntentNode;

/// <summary>What became of a change.</summary>
/// <param name="Answered">Whether the log gave an outcome; otherwise <paramref name="OutcomeUnknown"/> and <paramref name="Problem"/> say why not.</param>
/// <param name="Revision">Of the outcome.</param>
/// <param name="ConflictEpoch">Of the outcome.</param>
/// <param name="LocalRevision">Of the node's copy when the log answered.</param>
public sealed record NodeOutcome(bool Answered, bool Made, long Revision, long ConflictEpoch, long LocalRevision, bool OutcomeUnknown, string? Problem);
