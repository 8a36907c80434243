using System.Runtime.InteropServices;
using Meridian.ModelTools.Distillation;
using Meridian.ModelTools.Llama;
using TorchSharp;

namespace Meridian.Training;

/// <summary>Training on LibTorch.</summary>
public sealed class TorchBackend : ITrainingBackend
{
    private const string Library = "libLibTorchSharp.so";

    private static readonly Lazy<string?> Loading = new(Load);

    /// <inheritdoc />
    public string? Problem() => Loading.Value;

    /// <inheritdoc />
    public IStudentTrainer Create(LlamaConfig config, LlamaWeights start, DistillOptions options) => new TorchTrainer(config, start, options);

    private static string? Load()
    {
        // Tried by ourselves first: where it cannot be loaded, TorchSharp prints a page of what it tried.
        var path = Array.Find(
            [Path.Combine(AppContext.BaseDirectory, "runtimes", "linux-x64", "native", Library), Path.Combine(AppContext.BaseDirectory, Library)], File.Exists);
        try
        {
            if (path is not null)
                NativeLibrary.Load(path);
            using var one = torch.ones(1);
            return null;
        }
        catch (Exception e) when (e is NotSupportedException or TypeInitializationException or DllNotFoundException or BadImageFormatException or ExternalException)
        {
            return $"LibTorch cannot be loaded here: {Reason(e)} It needs glibc 2.38 and libstdc++ with GLIBCXX_3.4.32, as Debian 13, Ubuntu 24.04 and the .NET 10 container images have them"
                + $"{(LibcVersion() is { } version ? $"; this system has glibc {version}" : "")}. Run the command there, or by tests/Training.Tests/run.sh --tool, which makes a Debian 13 root.";
        }
    }

    // The loader's message goes through every place that was looked at; the line that names a missing symbol or file is the reason.
    private static string Reason(Exception e)
    {
        var lines = e.Message.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var reason = Array.Find(lines, static line => line.Contains("GLIBC", StringComparison.Ordinal)) ?? lines.FirstOrDefault() ?? e.GetType().Name;
        return $"{Path.GetFileName(reason.Split(": ", 2)[0])}{(reason.Contains(": ", StringComparison.Ordinal) ? $": {reason.Split(": ", 2)[1]}" : "")}".TrimEnd('.') + ".";
    }

    private static string? LibcVersion()
    {
        try
        {
            return Marshal.PtrToStringAnsi(GnuLibcVersion());
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            return null;
        }
    }

    [DllImport("libc", EntryPoint = "gnu_get_libc_version")]
    private static extern nint GnuLibcVersion();
}
