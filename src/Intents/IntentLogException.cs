namespace Meridian.Intents;

/// <summary>The log of this member cannot be used. The message names the file or setting, and the remedy.</summary>
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

/// <summary>The installation has no intent log, so nothing can be changed. The message names the setting.</summary>
public sealed class NoIntentLogException : IntentLogException
{
    public NoIntentLogException()
    {
    }

    public NoIntentLogException(string message)
        : base(message)
    {
    }

    public NoIntentLogException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

/// <summary>No majority of the voters is within reach, so nothing can be changed now. Local reads still work.</summary>
public sealed class IntentUnavailableException : IntentLogException
{
    public IntentUnavailableException()
    {
    }

    public IntentUnavailableException(string message)
        : base(message)
    {
    }

    public IntentUnavailableException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <value>Whether the change may have been made nevertheless, or may still be. False: it was not made and will not be.</value>
    public bool OutcomeUnknown { get; init; }
}
