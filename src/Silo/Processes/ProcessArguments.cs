namespace Meridian.Silo.Processes;

/// <summary>Options that a supervisor gives the processes that it starts.</summary>
internal static class ProcessArguments
{
    /// <summary>The process stops when its standard input ends, and leaves Ctrl-C to the supervisor.</summary>
    public const string ExitWithInput = "--exit-with-input";
}
