namespace Meridian.ModelTools.Commands;

/// <summary>How a command ended; the same numbers as the server's.</summary>
public static class ExitCode
{
    public const int Ok = 0;

    /// <summary>Failed: a fault of ours, or stopped by the user.</summary>
    public const int Failed = 1;

    /// <summary>The command line is wrong: trying again as it is cannot help.</summary>
    public const int Mistake = 2;

    /// <summary>The files do not allow it (damaged, of another kind), or the disk does not.</summary>
    public const int Unavailable = 3;
}
