namespace Meridian.Inference.Engines;

/// <summary>The engine was disposed before it could compute the work; another replica can.</summary>
public sealed class EngineStoppedException(string model)
    : Exception($"The engine of {model} was stopped before this work ran. Send it to another replica, or again once the model is loaded.")
{
    /// <value>Model, version and variant of the engine.</value>
    public string Model { get; } = model;
}
