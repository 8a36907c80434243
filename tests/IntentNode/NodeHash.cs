namespace Meridian.IntentNode;

/// <summary>Hash of a node's copy at one index.</summary>
public sealed record NodeHash(long AppliedIndex, string Hash);
