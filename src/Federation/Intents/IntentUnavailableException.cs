namespace Meridian.Federation.Intents;

/// <summary>No majority of the voters is within reach, so nothing can be changed now. Local reads go on.</summary>
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

    /// <value>Whether the change may have been made all the same, or may still be. False: it was not and will not be.</value>
    public bool OutcomeUnknown { get; init; }
}
