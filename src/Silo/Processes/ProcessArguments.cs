namespace Meridian.Silo.Processes;

/// <summary>Options that a supervisor passes to the processes it starts.</summary>
internal static class ProcessArguments
{
    /// <summary>With it, the process stops when its standard input ends, and ignores Ctrl-C, which the supervisor handles.</summary>
    public const string ExitWithInput = "--exit-with-input";
}
