using Meridian.Inference.Packages;

namespace Meridian.Inference.Engines;

/// <summary>A verified, loaded and warmed-up model on one device. Owns its threads and its bounded queue.</summary>
public interface IEngine : IAsyncDisposable
{
    ModelPackage Package { get; }

    /// <value>For example <c>cpu:0</c>.</value>
    string Device { get; }

    /// <value>Cheap to read at any time.</value>
    EngineLoad Load { get; }

    /// <value>
    /// Completes with the reason when the engine cannot continue although nobody has disposed it. Never faults. By then all of its work has ended with
    /// <see cref="EngineStoppedException"/>, and it accepts no more. The owner should dispose it and load the model again.
    /// </value>
    Task<Exception> Lost { get; }
}
