namespace Meridian.Grains.Shards.Streams;

internal enum HandoverOutcome
{
    /// <summary>No reader of this process: the stream is read by grain calls.</summary>
    NobodyHere,

    /// <summary>The reader has it and closes it.</summary>
    Given,

    /// <summary>The reader was here and has gone.</summary>
    ReaderGone,
}
