namespace Meridian.Inference.Engines.Generation.Streams;

/// <summary>What a stream needs of the engine that fills it. Any thread.</summary>
internal interface IStreamHost
{
    /// <value>Steps that have been computed.</value>
    long StepsDone { get; }

    TimeProvider Time { get; }

    /// <summary>There is room again in a ring that was full.</summary>
    void Wake();

    /// <summary>A stream was cancelled.</summary>
    void Cancelled();
}
