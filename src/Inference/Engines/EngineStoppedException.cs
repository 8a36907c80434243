namespace Meridian.Inference.Engines;

/// <summary>The engine was disposed or failed before it finished the work. Another replica can do the work.</summary>
public sealed class EngineStoppedException(string model)
    : Exception($"The engine of {model} was stopped before this work ran. Send it to another replica, or again once the model is loaded.")
{
    /// <value>Model, version and variant of the engine.</value>
    public string Model { get; } = model;
}
