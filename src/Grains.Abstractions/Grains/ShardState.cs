namespace Meridian.Grains;

/// <summary>Life of a shard. The numbers are wire format.</summary>
public enum ShardState
{
    Unloaded = 0,
    Loading = 1,
    Ready = 2,
    Failed = 3,
    Draining = 4,
}
