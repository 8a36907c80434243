using Meridian.Inference.Packages;

namespace Meridian.Inference.Engines;

/// <summary>A loaded, verified and warm model on one device. Owns its threads and its bounded queue.</summary>
public interface IEngine : IAsyncDisposable
{
    ModelPackage Package { get; }

    /// <value>For example <c>cpu:0</c>.</value>
    string Device { get; }

    /// <value>Cheap to read at any time.</value>
    EngineLoad Load { get; }

    /// <value>
    /// Completes with the reason when the engine cannot go on, though nobody disposed it; never faults. All of its work has ended with <see cref="EngineStoppedException"/> then,
    /// and it takes no more: dispose it and load the model anew.
    /// </value>
    Task<Exception> Lost { get; }
}
