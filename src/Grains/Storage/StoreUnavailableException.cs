namespace Meridian.Grains.Storage;

/// <summary>The region's store did not do what it was asked. The message is for operators: what is wrong, and what helps.</summary>
public sealed class StoreUnavailableException : Exception
{
    public StoreUnavailableException()
    {
    }

    public StoreUnavailableException(string message) : base(message)
    {
    }

    public StoreUnavailableException(string message, Exception? innerException) : base(message, innerException)
    {
    }
}
