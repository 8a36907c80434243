namespace Meridian.Silo.Configuration;

/// <summary>The store of the grain state.</summary>
public sealed class StoreOptions
{
    /// <value>Default <see cref="StoreKind.Garnet"/>.</value>
    public StoreKind Kind { get; set; } = StoreKind.Garnet;

    /// <value>StackExchange.Redis connection string. Required for Redis. For Garnet, the default is the address in the port plan.</value>
    public string? ConnectionString { get; set; }

    /// <value>
    /// File with the password of the embedded store. Default: <c>password</c> in the store's directory, created at the first start. A silo or facade whose data
    /// directory differs from that of the store's process sets this to its own copy of the file.
    /// </value>
    public string? PasswordFile { get; set; }

    /// <value>Memory for records of the embedded store, MiB, 16 to 1048576. Further records spill to disk. Default 64.</value>
    public int MemoryMiB { get; set; } = 64;

    /// <value>
    /// Size at which the embedded store takes a checkpoint and starts a new append-only file, MiB, 16 to 65536. Default 64.
    /// It bounds the disk space of the file and the time that a restart needs to read it.
    /// </value>
    public int LogLimitMiB { get; set; } = 64;
}

/// <summary>The kind of store for a region's grain state.</summary>
public enum StoreKind
{
    /// <summary>Embedded in the process that has the <c>store</c> role.</summary>
    Garnet,

    /// <summary>A Redis that runs outside of Meridian.</summary>
    Redis,
}
