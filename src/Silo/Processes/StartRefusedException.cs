namespace Meridian.Silo.Processes;

/// <summary>A start that cannot go on because of the machine around it (a port in use, damaged files); the message says what to do.</summary>
public sealed class StartRefusedException : Exception
{
    public StartRefusedException(string message) : base(message)
    {
    }

    public StartRefusedException(string message, Exception inner) : base(message, inner)
    {
    }
}
