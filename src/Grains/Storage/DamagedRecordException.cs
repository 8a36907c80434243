namespace Meridian.Grains.Storage;

/// <summary>A stored record differs from the record that was written.</summary>
public sealed class DamagedRecordException : Exception
{
    public DamagedRecordException()
    {
    }

    public DamagedRecordException(string message) : base(message)
    {
    }

    public DamagedRecordException(string message, Exception? innerException) : base(message, innerException)
    {
    }
}
