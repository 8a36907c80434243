namespace Meridian.Inference.Engines.Generation.Contract;

public enum GenerationStatus
{
    Admitted,

    /// <summary>Prompt and wanted tokens exceed the context, or one sequence's worst case exceeds the whole memory budget.</summary>
    TooLong,

    /// <summary>A value is out of range or makes no sense.</summary>
    Invalid,

    /// <summary>The bounded queue has no room.</summary>
    QueueFull,
}
