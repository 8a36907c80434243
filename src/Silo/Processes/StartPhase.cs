namespace Meridian.Silo.Processes;

/// <summary>Whether the process was told to stop before its start was complete. Later errors of its services are then expected and not reported.</summary>
internal sealed class StartPhase
{
    private volatile bool _abandoned;

    public bool IsAbandoned => _abandoned;

    public void Abandon() => _abandoned = true;
}
