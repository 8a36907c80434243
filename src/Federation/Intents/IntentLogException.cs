namespace Meridian.Federation.Intents;

/// <summary>The log of this member cannot be used. The message names file or setting, and the remedy.</summary>
public class IntentLogException : Exception
{
    public IntentLogException()
    {
    }

    public IntentLogException(string message)
        : base(message)
    {
    }

    public IntentLogException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
