namespace Meridian.Grains.Draining;

/// <summary>All drains of a region.</summary>
[GenerateSerializer, Immutable, Alias("meridian.DrainOverview")]
public sealed record DrainOverview
{
    public static DrainOverview None { get; } = new() { Revision = 0, Drains = [], Silos = [] };

    /// <value>Rises with every change of the drains and their states.</value>
    [Id(0)] public required long Revision { get; init; }

    [Id(1)] public required DrainReport[] Drains { get; init; }

    /// <value>The active silos and their work.</value>
    [Id(2)] public required SiloWork[] Silos { get; init; }

    /// <value>The region's own drain, or null.</value>
    public DrainReport? Region => Array.Find(Drains, static drain => drain.Target.Scope == DrainScope.Region);
}
