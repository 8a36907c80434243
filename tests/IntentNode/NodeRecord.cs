namespace Meridian.IntentNode;

/// <summary>One record of a copy.</summary>
public sealed record NodeRecord(string Name, long Epoch, int Value);
