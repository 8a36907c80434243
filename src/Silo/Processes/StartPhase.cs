namespace Meridian.Silo.Processes;

/// <summary>Whether the process was told to stop before it had started. What its services say of that afterwards is no news.</summary>
internal sealed class StartPhase
{
    private volatile bool _abandoned;

    public bool IsAbandoned => _abandoned;

    public void Abandon() => _abandoned = true;
}
