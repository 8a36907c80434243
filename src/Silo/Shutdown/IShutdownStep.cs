namespace Meridian.Silo.Shutdown;

/// <summary>A step that a process runs before its shutdown begins, while all its services still work.</summary>
internal interface IShutdownStep
{
    /// <summary>Runs the step. The step limits its own duration and never throws.</summary>
    Task LeaveAsync(CancellationToken cancellationToken);
}
