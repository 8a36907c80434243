namespace Meridian.Inference.Engines;

public enum EmbeddingStatus
{
    Done,

    /// <summary>An item exceeds the model's limit.</summary>
    TooLong,

    /// <summary>Input is empty, an id is outside the vocabulary, or dimensions are out of range.</summary>
    Invalid,

    /// <summary>The bounded queue has no room for the items.</summary>
    QueueFull,
}
