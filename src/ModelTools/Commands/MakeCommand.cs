using System.CommandLine;
using System.Diagnostics;
using Meridian.CommandLine;
using Meridian.ModelTools.Llama;
using Meridian.ModelTools.Output;
using Meridian.ModelTools.Tokenization;
using Meridian.Onnx;

namespace Meridian.ModelTools.Commands;

/// <summary><c>meridian-tools make</c>: a decoder of any size with random weights.</summary>
internal static class MakeCommand
{
    public static Command Build(Terminal terminal)
    {
        var layers = DimensionOption.Number("--layers", "Layers", 4);
        var hidden = DimensionOption.Number("--hidden", "Length of the residual stream; a multiple of twice the heads", 256);
        var heads = DimensionOption.Number("--heads", "Query heads", 8);
        var kvHeads = DimensionOption.KvHeads();
        var intermediate = DimensionOption.Intermediate();
        var vocabulary = DimensionOption.Number("--vocabulary", $"Tokens, at least {MadeVocabulary.Smallest}", 4096);
        var context = DimensionOption.Number("--context", "Most tokens of a sequence", 2048);
        var cache = LayoutOption.Cache("Cache layout: concatenated (standard operators), shared (GroupQueryAttention, one buffer), merged (GPT-2)", "shared");
        var untied = new Option<bool>("--untied") { Description = "Give the output layer weights of its own instead of the embedding's" };
        var seed = DimensionOption.Number("--seed", "Seed of the weights", 1);
        var precision = LayoutOption.Precision("fp32 or fp16 [default: fp32]");
        var to = new Option<string>("--out") { HelpName = "DIR", Description = "Folder to write; must be empty or not there", Required = true };
        var command = new Command("make", "Makes a Llama-architecture decoder with random weights, tokenizer and chat template: for tests, and for benchmarks of realistic size.")
        {
            layers, hidden, heads, kvHeads, intermediate, vocabulary, context, cache, untied, seed, precision, to,
        };
        command.SetAction((parsed, cancellationToken) =>
        {
            var config = LlamaFolder.Configure(
                parsed.GetValue(layers),
                parsed.GetValue(hidden),
                parsed.GetValue(heads),
                DimensionOption.KvHeads(parsed.GetValue(kvHeads), parsed.GetValue(heads)),
                DimensionOption.Intermediate(parsed.GetValue(intermediate), parsed.GetValue(hidden)),
                parsed.GetValue(vocabulary),
                parsed.GetValue(context),
                tie: !parsed.GetValue(untied));
            return RunAsync(
                terminal, config, parsed.GetValue(seed), LayoutOption.Type(parsed.GetValue(precision)) ?? OnnxType.Float, parsed.GetRequiredValue(cache), parsed.GetRequiredValue(to), cancellationToken);
        });
        HelpWithExamples.AddTo(
            command,
            "meridian-tools make --out /tmp/tiny",
            "meridian-tools make --layers 12 --hidden 768 --heads 12 --kv-heads 4 --intermediate 2560 --vocabulary 16384 --context 4608 --out /tmp/large",
            "                                                  102 million parameters, for benchmarks",
            "meridian-tools make --cache concatenated --precision fp16 --seed 7 --out /tmp/half");
        return command;
    }

    private static async Task<int> RunAsync(Terminal terminal, LlamaConfig config, int seed, OnnxType type, string cache, string to, CancellationToken cancellationToken)
    {
        var mistakes = config.Mistakes().ToList();
        if (config.Vocabulary is > 0 && config.Vocabulary < MadeVocabulary.Smallest)
            mistakes.Add($"vocabulary {config.Vocabulary} has no room for 256 bytes and {MadeVocabulary.Special.Count} special tokens; choose at least {MadeVocabulary.Smallest}.");
        if (mistakes.Count > 0)
            throw new MistakeException(string.Join(Environment.NewLine, mistakes));
        var watch = Stopwatch.StartNew();
        await terminal.ProgressAsync(progress => LlamaFolder.Make(
            to, config, seed, LayoutOption.Layout(cache), type, (done, all) => progress.Report("Writing", done, all), cancellationToken)).ConfigureAwait(false);
        FolderReport.Write(terminal, to, config, cache, type, watch.Elapsed);
        return ExitCode.Ok;
    }
}
