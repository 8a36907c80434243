namespace Meridian.ModelTools.Output;

/// <summary>There is no writing to where the user said; the message says why and what to do.</summary>
public sealed class OutputRefusedException : Exception
{
    public OutputRefusedException(string message) : base(message)
    {
    }

    public OutputRefusedException(string message, Exception inner) : base(message, inner)
    {
    }
}
