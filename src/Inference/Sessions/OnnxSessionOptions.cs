namespace Meridian.Inference.Sessions;

/// <summary>How a session runs its graph.</summary>
public sealed record OnnxSessionOptions
{
    public DeviceName Device { get; init; } = new("cpu", 0);

    /// <value>Threads that one run uses, including the calling thread.</value>
    public int IntraOpThreads { get; init; } = 1;

    /// <value>Whether ONNX Runtime's own threads spin while idle.</value>
    public bool AllowSpinning { get; init; }
}
