using MessagePack;

namespace Meridian.Grains.Draining.Watch;

/// <summary>One drain in the region's store. Old records stay readable forever: add fields under new keys and never renumber them.</summary>
[MessagePackObject]
public sealed record DrainRecord
{
    [Key(0)] public required DrainScope Scope { get; init; }

    /// <value>The full address of the silo, or null.</value>
    [Key(1)] public string? Silo { get; init; }

    [Key(2)] public string? Model { get; init; }

    [Key(3)] public int Replica { get; init; }

    [Key(4)] public required DateTimeOffset Since { get; init; }

    [Key(5)] public required int DeadlineSeconds { get; init; }

    [Key(6)] public required string By { get; init; }

    [Key(7)] public string? Reason { get; init; }

    [Key(8)] public bool Sticky { get; init; }

    /// <value>
    /// Full addresses of the silos that were active when the drain began. If none of them is left, the region has restarted, and a drain that is not
    /// sticky is over.
    /// </value>
    [Key(9)] public string[] Silos { get; init; } = [];

    [Key(10)] public required long Id { get; init; }

    public bool IsFor(DrainTarget target)
    {
        ArgumentNullException.ThrowIfNull(target);
        return Scope == target.Scope && Silo == target.Silo && Model == target.Model && Replica == target.Replica;
    }

    public DrainTarget Target() => new() { Scope = Scope, Silo = Silo, Model = Model, Replica = Replica };
}
