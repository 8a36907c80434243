namespace Meridian.Silo.Shutdown;

/// <summary>What a process does before it begins to stop, while everything in it still works.</summary>
internal interface IDeparture
{
    /// <summary>Bounded by its own times; never throws.</summary>
    Task LeaveAsync(CancellationToken cancellationToken);
}
