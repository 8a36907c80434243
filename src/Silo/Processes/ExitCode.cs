namespace Meridian.Silo.Processes;

/// <summary>How a process ended.</summary>
public static class ExitCode
{
    /// <summary>Stopped in order.</summary>
    public const int Ok = 0;

    /// <summary>Failed while running.</summary>
    public const int Failed = 1;

    /// <summary>The command line or the settings are wrong: starting again as it is cannot help.</summary>
    public const int Mistake = 2;

    /// <summary>The machine does not allow it now (a port in use, a directory that another process holds, damaged files).</summary>
    public const int Unavailable = 3;
}
