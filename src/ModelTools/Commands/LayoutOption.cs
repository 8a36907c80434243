using System.CommandLine;
using Meridian.Inference.Decoders.Contract;
using Meridian.Onnx;

namespace Meridian.ModelTools.Commands;

/// <summary>Options that say how a graph is written.</summary>
internal static class LayoutOption
{
    public static Option<string> Cache(string help, string? byDefault)
    {
        var option = new Option<string>("--cache") { HelpName = "LAYOUT", Description = help, Required = byDefault is null };
        if (byDefault is not null)
            option.DefaultValueFactory = _ => byDefault;
        return option.AcceptOnlyFromAmong("concatenated", "shared", "merged");
    }

    public static KvLayout Layout(string text) => text switch
    {
        "concatenated" => KvLayout.Concatenated,
        "merged" => KvLayout.Merged,
        _ => KvLayout.Shared,
    };

    public static Option<string?> Precision(string help)
    {
        var option = new Option<string?>("--precision") { HelpName = "TYPE", Description = help };
        option.AcceptOnlyFromAmong("fp32", "fp16");
        return option;
    }

    public static OnnxType? Type(string? text) => text switch
    {
        null => null,
        "fp16" => OnnxType.Float16,
        _ => OnnxType.Float,
    };
}
