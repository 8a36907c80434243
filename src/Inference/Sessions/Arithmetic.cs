using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using Microsoft.ML.OnnxRuntime;

namespace Meridian.Inference.Sessions;

/// <summary>
/// Names the properties of a machine that affect the bits of a result, besides graph and weights. ONNX Runtime chooses its kernels by the processor's features,
/// and kernels round differently. If two machines have the same name, they use the same kernels.
/// </summary>
public static class Arithmetic
{
    // Bits of CPUID leaf 7 that ONNX Runtime's MLAS checks.
    private const int Avx512Foundation = 1 << 16;
    private const int Avx512Vnni = 1 << 11;
    private const int AvxVnni = 1 << 4;
    private const int AmxInt8 = 1 << 25;

    /// <value>For example <c>avx512vnni</c>.</value>
    public static string InstructionSet { get; } = Detect();

    /// <summary>For example <c>cpu-avx512vnni-ort1.31.0</c>.</summary>
    /// <param name="device">A name as in <see cref="DeviceName"/>. Its ordinal is ignored.</param>
    public static string Of(string device)
    {
        ArgumentNullException.ThrowIfNull(device);
        var kind = DeviceName.TryParse(device, out var name) ? name.Kind : device;
        return $"{kind}-{InstructionSet}-ort{OrtEnv.Instance().GetVersionString()}";
    }

    private static string Detect()
    {
        if (!X86Base.IsSupported)
            return AdvSimd.IsSupported ? Dp.IsSupported ? "neondot" : "neon" : RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant();
        var (most, _, _, _) = X86Base.CpuId(0, 0);
        if (most < 7 || !Avx2.IsSupported)
            return "sse";
        var (sub, ebx, ecx, edx) = X86Base.CpuId(7, 0);
        if ((ebx & Avx512Foundation) != 0)
            return (edx & AmxInt8) != 0 ? "avx512amx" : (ecx & Avx512Vnni) != 0 ? "avx512vnni" : "avx512";
        return sub >= 1 && (X86Base.CpuId(7, 1).Eax & AvxVnni) != 0 ? "avx2vnni" : "avx2";
    }
}
