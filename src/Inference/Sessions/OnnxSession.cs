using Meridian.Inference.Packages;
using Microsoft.ML.OnnxRuntime;

namespace Meridian.Inference.Sessions;

/// <summary>
/// Owns one ONNX Runtime session on one device. Create it on an <see cref="EngineThread"/>, because ONNX Runtime's threads inherit the priority of the thread
/// that creates them.
/// </summary>
/// <remarks>
/// The CPU memory arena stays on, because without it every run pays for fresh pages. Memory patterns are off, because they cache one plan for each input shape
/// and an engine sees thousands of shapes.
/// </remarks>
public sealed class OnnxSession : IDisposable
{
    private OnnxSession(InferenceSession session, DeviceName device)
    {
        Session = session;
        Device = device;
    }

    public InferenceSession Session { get; }

    public DeviceName Device { get; }

    /// <param name="model">The graph's verified bytes.</param>
    /// <param name="subject">Path of the graph, for error messages.</param>
    /// <param name="options">Device and threads.</param>
    /// <exception cref="ModelPackageException">The bytes are not a graph that ONNX Runtime can run.</exception>
    /// <exception cref="DeviceUnavailableException">The device does not exist.</exception>
    public static OnnxSession Create(byte[] model, string subject, OnnxSessionOptions options) =>
        Create(settings => new InferenceSession(model, settings), subject, options);

    /// <summary>Loads a graph from its file, for a graph with weights in files beside it. Verify all of these files before the call.</summary>
    /// <param name="path">The graph's file.</param>
    /// <param name="options">Device and threads.</param>
    /// <inheritdoc cref="Create(byte[], string, OnnxSessionOptions)"/>
    public static OnnxSession Open(string path, OnnxSessionOptions options) =>
        Create(settings => new InferenceSession(path, settings), path, options);

    private static OnnxSession Create(Func<SessionOptions, InferenceSession> load, string subject, OnnxSessionOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        using var settings = new SessionOptions
        {
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL,
            ExecutionMode = ExecutionMode.ORT_SEQUENTIAL,
            IntraOpNumThreads = options.IntraOpThreads,
            InterOpNumThreads = 1,
            EnableCpuMemArena = true,
            EnableMemoryPattern = false,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
        };
        var spinning = options.AllowSpinning ? "1" : "0";
        settings.AddSessionConfigEntry("session.intra_op.allow_spinning", spinning);
        settings.AddSessionConfigEntry("session.inter_op.allow_spinning", spinning);
        if (options.Device.IsCuda)
            UseCuda(settings, options.Device);
        try
        {
            return new OnnxSession(load(settings), options.Device);
        }
        catch (OnnxRuntimeException e) when (!options.Device.IsCuda)
        {
            throw new ModelPackageException(subject, $"'{subject}' cannot be loaded by ONNX Runtime: {e.Message} Export the graph again for an opset that it knows.", e);
        }
        catch (OnnxRuntimeException e)
        {
            throw new DeviceUnavailableException(
                options.Device.ToString(), $"'{subject}' cannot be loaded on {options.Device}: {e.Message} Check the GPU with nvidia-smi, or set Device to cpu:0.", e);
        }
    }

    public void Dispose() => Session.Dispose();

    // The managed API of ONNX Runtime is the same in the CPU build and the CUDA build. Only at run time the native library tells whether it supports CUDA.
    private static void UseCuda(SessionOptions settings, DeviceName device)
    {
        if (!OrtEnv.Instance().GetAvailableProviders().Contains("CUDAExecutionProvider"))
        {
            throw new DeviceUnavailableException(
                device.ToString(), $"Device {device} was asked for, but this build has ONNX Runtime for the CPU only. Build with -p:Accelerator=cuda (Linux, CUDA 12 libraries), or set Device to cpu:0.");
        }

        try
        {
            settings.AppendExecutionProvider_CUDA(device.Ordinal);
        }
        catch (OnnxRuntimeException e)
        {
            throw new DeviceUnavailableException(
                device.ToString(), $"Device {device} cannot be used: {e.Message} Check the driver and the CUDA 12 libraries with nvidia-smi and ldconfig -p, or set Device to cpu:0.", e);
        }
    }
}
