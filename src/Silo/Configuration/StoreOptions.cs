namespace Meridian.Silo.Configuration;

/// <summary>Where grain state is kept.</summary>
public sealed class StoreOptions
{
    /// <value>Default <see cref="StoreKind.Garnet"/>.</value>
    public StoreKind Kind { get; set; } = StoreKind.Garnet;

    /// <value>StackExchange.Redis connection string. Required for Redis; for Garnet the port plan gives it.</value>
    public string? ConnectionString { get; set; }

    /// <value>
    /// File with the embedded store's password. Default: <c>password</c> in the store's directory, made at the first start. A silo or facade with another data directory than the store's process
    /// names its copy here.
    /// </value>
    public string? PasswordFile { get; set; }

    /// <value>Memory the embedded store keeps records in before it spills to disk, MiB, 16 to 1048576. Default 64.</value>
    public int MemoryMiB { get; set; } = 64;

    /// <value>
    /// Size of the append-only file at which the embedded store takes a checkpoint and starts a new one, MiB, 16 to 65536. Default 64.
    /// Bounds both the disk it takes and the time a restart needs to read it.
    /// </value>
    public int LogLimitMiB { get; set; } = 64;
}

/// <summary>What keeps a region's grain state.</summary>
public enum StoreKind
{
    /// <summary>Embedded in the process that has the <c>store</c> role.</summary>
    Garnet,

    /// <summary>A Redis that somebody else runs.</summary>
    Redis,
}
