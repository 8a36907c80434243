using System.CommandLine;
using System.Diagnostics;
using Meridian.CommandLine;
using Meridian.ModelTools.Llama;
using Meridian.ModelTools.Output;

namespace Meridian.ModelTools.Commands;

/// <summary><c>meridian-tools export</c>: a model in another cache layout or precision.</summary>
internal static class ExportCommand
{
    public static Command Build(Terminal terminal)
    {
        var from = new Argument<string>("DIR") { Description = "Hugging Face folder of a Llama-architecture model: config.json, onnx/model.onnx or model.onnx, float32 or float16" };
        var cache = LayoutOption.Cache("Cache layout: concatenated (standard operators), shared (GroupQueryAttention, one buffer), merged (GPT-2)", null);
        var precision = LayoutOption.Precision("fp32 or fp16 [default: the model's own]");
        var to = new Option<string>("--out") { HelpName = "DIR", Description = "Folder to write; must be empty or not there", Required = true };
        var command = new Command("export", "Writes a Llama-architecture model's graph anew in another cache layout or precision; tokenizer and configuration are copied.") { from, cache, precision, to };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var (source, layout, target) = (parsed.GetRequiredValue(from), parsed.GetRequiredValue(cache), parsed.GetRequiredValue(to));
            var type = LayoutOption.Type(parsed.GetValue(precision));
            var watch = Stopwatch.StartNew();
            await terminal.ProgressAsync(progress => LlamaFolder.Export(
                source, target, LayoutOption.Layout(layout), type, (done, all) => progress.Report("Writing", done, all), cancellationToken)).ConfigureAwait(false);
            var config = LlamaConfig.Read(target);
            FolderReport.Write(terminal, target, config, layout, LlamaFolder.Precision(target), watch.Elapsed);
            return ExitCode.Ok;
        });
        HelpWithExamples.AddTo(
            command,
            "meridian-tools export stories260k --cache shared --out /tmp/stories",
            "meridian-tools export /models/my-llama --cache shared --precision fp16 --out /tmp/half");
        return command;
    }
}
