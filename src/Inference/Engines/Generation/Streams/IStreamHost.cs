namespace Meridian.Inference.Engines.Generation.Streams;

/// <summary>The part of the engine that a stream uses. Callable from any thread.</summary>
internal interface IStreamHost
{
    /// <value>Number of steps that have been computed.</value>
    long StepsDone { get; }

    TimeProvider Time { get; }

    /// <summary>Reports that a full ring has room again.</summary>
    void Wake();

    /// <summary>Reports that a stream was cancelled.</summary>
    void Cancelled();
}
