namespace Meridian.Silo.Processes;

/// <summary>The exit codes of a process.</summary>
public static class ExitCode
{
    /// <summary>The process stopped in order.</summary>
    public const int Ok = 0;

    /// <summary>The process failed while running.</summary>
    public const int Failed = 1;

    /// <summary>The command line or the settings are wrong. A restart with the same ones does not help.</summary>
    public const int Mistake = 2;

    /// <summary>The state of the machine prevents the start (a port in use, a directory that another process holds, damaged files).</summary>
    public const int Unavailable = 3;
}
