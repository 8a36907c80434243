namespace Meridian.Grains.Shards.Streams;

internal enum HandoverOutcome
{
    /// <summary>The reader is not in this process. The stream is read by grain calls.</summary>
    NobodyHere,

    /// <summary>The reader has the stream and closes it.</summary>
    Given,

    /// <summary>The reader was in this process and has left.</summary>
    ReaderGone,
}
