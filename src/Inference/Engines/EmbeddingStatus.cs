namespace Meridian.Inference.Engines;

public enum EmbeddingStatus
{
    Done,

    /// <summary>An item exceeds the model's limit.</summary>
    TooLong,

    /// <summary>The input is empty or malformed, an id is outside the vocabulary, or the dimensions are out of range.</summary>
    Invalid,

    /// <summary>The bounded queue has no room for the items.</summary>
    QueueFull,
}
