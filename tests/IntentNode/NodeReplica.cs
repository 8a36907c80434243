namespace Meridian.IntentNode;

/// <summary>A node's copy.</summary>
/// <param name="Answered">False where a linearizable read found no majority.</param>
public sealed record NodeReplica(bool Answered, long AppliedIndex, long Revision, NodeRecord[] Records, string? Problem);
