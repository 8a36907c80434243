namespace Meridian.Cluster.Tests.Harness;

/// <summary>One model of a <see cref="RegionReport"/>.</summary>
public sealed record ModelReport(string Name, string? Version, int Desired, int Ready, int Queued, string? Problem);
