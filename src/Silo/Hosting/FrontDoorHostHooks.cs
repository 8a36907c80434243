namespace Meridian.Silo.Hosting;

/// <summary>What a program that embeds a front door adds to it.</summary>
public sealed class FrontDoorHostHooks
{
    /// <value>Called after all services of the front door are registered.</value>
    public Action<IServiceCollection>? Services { get; init; }

    /// <value>Whether the process stops when standard input ends and leaves SIGINT to its parent. Default false.</value>
    public bool ExitWithInput { get; init; }

    /// <value>Whether signals stop the host. False for a host inside somebody else's process. Default true.</value>
    public bool HandleSignals { get; init; } = true;
}
