namespace Meridian.Silo.Hosting;

/// <summary>Additions by a program that embeds a region: another kind of engine, a test's clock, other logging.</summary>
public sealed class RegionHostHooks
{
    /// <value>Called after all services of the region are registered.</value>
    public Action<IServiceCollection>? Services { get; init; }

    /// <value>Whether the process stops when standard input ends and leaves SIGINT to its parent. Default false.</value>
    public bool ExitWithInput { get; init; }
}
