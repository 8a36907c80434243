namespace Meridian.IntentNode;

/// <summary>How the log stands in a node's eyes.</summary>
public sealed record NodeStatus(string Role, string? Leader, bool CanChange, long AppliedIndex, long CommittedIndex, long Term, string[] Voters, string? Problem);
