namespace Meridian.ModelTools.Output;

/// <summary>The output place that the user named cannot be written. The message says why and how to fix it.</summary>
public sealed class OutputRefusedException : Exception
{
    public OutputRefusedException(string message) : base(message)
    {
    }

    public OutputRefusedException(string message, Exception inner) : base(message, inner)
    {
    }
}
