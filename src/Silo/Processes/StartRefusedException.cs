namespace Meridian.Silo.Processes;

/// <summary>The state of the machine prevents the start (a port in use, damaged files). The message says how to fix it.</summary>
public sealed class StartRefusedException : Exception
{
    public StartRefusedException(string message) : base(message)
    {
    }

    public StartRefusedException(string message, Exception inner) : base(message, inner)
    {
    }
}
