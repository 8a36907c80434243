namespace Meridian.Inference.Engines.Generation.Contract;

public enum GenerationStatus
{
    Admitted,

    /// <summary>The prompt plus the requested tokens exceed the context, or the worst case of one sequence exceeds the whole memory budget.</summary>
    TooLong,

    /// <summary>A value is out of range or invalid.</summary>
    Invalid,

    /// <summary>The bounded queue has no room for the choices.</summary>
    QueueFull,
}
