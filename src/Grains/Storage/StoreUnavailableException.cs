namespace Meridian.Grains.Storage;

/// <summary>The region's store failed. The message tells operators what is wrong and how to fix it.</summary>
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
