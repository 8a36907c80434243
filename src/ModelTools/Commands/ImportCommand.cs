using System.CommandLine;
using System.Globalization;
using Meridian.CommandLine;
using Meridian.Inference.Decoders.Contract;
using Meridian.Inference.Packages;
using Meridian.Inference.Packages.HuggingFace;
using Meridian.Inference.Packages.Store;
using Meridian.Inference.Tokenization;
using Meridian.ModelTools.Output;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Meridian.ModelTools.Commands;

/// <summary><c>meridian-tools import</c>: a folder into a model store.</summary>
internal static class ImportCommand
{
    public static Command Build(Terminal terminal)
    {
        var from = new Argument<string>("DIR") { Description = "Hugging Face folder: config.json, tokenizer.json, onnx/model.onnx or model.onnx" };
        var name = new Option<string>("--name") { HelpName = "NAME", Description = "Name that callers use; letters, digits, '.', '_', '-'", Required = true };
        var store = new Option<string>("--store") { HelpName = "DIR", Description = "Model store: DATA/REGION/models of a region", Required = true };
        var graph = new Option<string?>("--graph") { HelpName = "PATH", Description = "Graph in the folder, where there are several [default: onnx/model.onnx, else model.onnx]" };
        var label = new Option<string>("--label") { HelpName = "LABEL", Description = "Begins the version; a digest of the content follows", DefaultValueFactory = _ => "v1" };
        var command = new Command("import", "Checks a generative model and copies it into a model store.") { from, name, store, graph, label };
        command.SetAction((parsed, cancellationToken) =>
            RunAsync(terminal, parsed.GetRequiredValue(from), parsed.GetRequiredValue(name), parsed.GetRequiredValue(store), parsed.GetValue(graph), parsed.GetRequiredValue(label), cancellationToken));
        HelpWithExamples.AddTo(
            command,
            "meridian-tools import /tmp/stories --name stories --store .meridian/eastus/models",
            "meridian-tools import ~/models/smollm --graph onnx/model_fp16.onnx --name smollm --label v2 --store /var/lib/meridian/eastus/models");
        return command;
    }

    private static async Task<int> RunAsync(Terminal terminal, string from, string name, string store, string? graph, string label, CancellationToken cancellationToken)
    {
        if (!ModelManifestRules.IsName(name))
            throw new MistakeException($"--name '{name}' cannot name a model; use letters, digits, '.', '_', '-', starting with a letter or digit.");
        if (!ModelManifestRules.IsVersion(label))
            throw new MistakeException($"--label '{label}' cannot begin a version; use letters, digits, '.', '_', '-', '+', starting with a letter or digit.");
        if (string.IsNullOrWhiteSpace(store) || File.Exists(store))
            throw new MistakeException($"--store '{store}' is no directory; give DATA/REGION/models of a region.");
        var models = new ModelStore(Options.Create(new ModelStoreOptions { Root = store }), TimeProvider.System, NullLogger<ModelStore>.Instance);
        ModelPackage? package = null;
        DecoderShape? shape = null;
        await terminal.ProgressAsync(async progress =>
        {
            var source = new HuggingFaceSource(name, from, graph, label) { Progress = new Reporter(progress) };
            shape = TrialRun.Of(source.Check());
            package = await models.InstallAsync(source, cancellationToken).ConfigureAwait(false);
        }).ConfigureAwait(false);
        using var tokenizer = GenerationTokenizer.Load(package!);
        Write(terminal, package!, shape!, DecoderConfig.Read(package!).EndsWith(tokenizer.EndId));
        return ExitCode.Ok;
    }

    private static void Write(Terminal terminal, ModelPackage package, DecoderShape shape, int[] ends)
    {
        var manifest = package.Manifest;
        var config = DecoderConfig.Read(package);
        terminal.Table(
            ("model", manifest.Id),
            ("layers", Text(shape.Layers)),
            ("heads", $"{config.Heads} on {shape.KvHeads} of keys and values, dimension {shape.HeadDimension}"),
            ("cache", $"{shape.Layout.ToString().ToLowerInvariant()}, {Terminal.Size(shape.BytesPerToken)} a token"),
            ("vocabulary", Text(shape.Vocabulary)),
            ("context", shape.Cap is { } cap ? cap.ToString() : Text(shape.ContextLength)),
            ("ends", ends.Length > 0 ? string.Join(", ", ends.Select(Text)) : "no token ends a text; name eos_token_id in generation_config.json, or eos_token in tokenizer_config.json"),
            ("licence", manifest.License ?? "not stated"),
            ("size", $"{Terminal.Size(manifest.Files.Sum(file => file.Size))} in {manifest.Files.Length} files"),
            ("folder", package.Directory));
    }

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);

    private sealed class Reporter(IStageProgress progress) : IProgress<ImportProgress>
    {
        public void Report(ImportProgress value) => progress.Report(value.Stage.ToString(), value.Bytes, value.TotalBytes);
    }
}
