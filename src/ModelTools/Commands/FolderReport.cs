using System.Globalization;
using Meridian.ModelTools.Llama;
using Meridian.ModelTools.Output;
using Meridian.Onnx;

namespace Meridian.ModelTools.Commands;

/// <summary>What a folder that was just written holds.</summary>
internal static class FolderReport
{
    public static void Write(Terminal terminal, string directory, LlamaConfig config, string cache, OnnxType type, TimeSpan took)
    {
        var bytes = Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories).Sum(file => new FileInfo(file).Length);
        terminal.Table(
            ("folder", directory),
            ("parameters", string.Create(CultureInfo.InvariantCulture, $"{config.Parameters / 1e6:0.0} million")),
            ("layers", Text(config.Layers)),
            ("heads", $"{config.Heads} on {config.KvHeads} of keys and values, dimension {config.HeadDimension}"),
            ("vocabulary", Text(config.Vocabulary)),
            ("context", Text(config.Context)),
            ("cache", cache),
            ("precision", type == OnnxType.Float16 ? "fp16" : "fp32"),
            ("size", Terminal.Size(bytes)),
            ("time", string.Create(CultureInfo.InvariantCulture, $"{took.TotalSeconds:0.0} s")));
    }

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);
}
