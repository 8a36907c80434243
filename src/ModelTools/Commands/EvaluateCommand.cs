using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Meridian.CommandLine;
using Meridian.ModelTools.Evaluation;
using Meridian.ModelTools.Output;

namespace Meridian.ModelTools.Commands;

/// <summary><c>meridian-tools evaluate</c>: how good a model is on texts that it has not seen.</summary>
internal static class EvaluateCommand
{
    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static Command Build(Terminal terminal)
    {
        var folder = new Argument<string>("DIR") { Description = "Hugging Face folder of the model" };
        var against = new Option<string?>("--against") { HelpName = "DIR", Description = "Model to hold it against; without --text it also writes the texts" };
        var text = new Option<string[]>("--text") { HelpName = "FILE", Description = "Text to judge on, repeatable; long ones are cut at the context" };
        var texts = new Option<int>("--texts") { HelpName = "N", Description = "Texts that --against writes", DefaultValueFactory = _ => 256 };
        var seed = new Option<int>("--seed") { HelpName = "N", Description = "Seed of the texts; one that no training used", DefaultValueFactory = _ => EvaluationOptions.HeldOutSeed };
        var length = new Option<int>("--length") { HelpName = "N", Description = "Most tokens of a text; 0 for the context", DefaultValueFactory = _ => 0 };
        var prompts = new Option<string?>("--prompts") { HelpName = "FILE", Description = "Lines that written texts and samples begin with [default: the token that begins every text]" };
        var samples = new Option<int>("--samples") { HelpName = "N", Description = "Samples of each model", DefaultValueFactory = _ => 10 };
        var temperature = new Option<float>("--temperature") { HelpName = "T", Description = "Of the samples", DefaultValueFactory = _ => 0.8f };
        var threads = new Option<int>("--threads") { HelpName = "N", Description = "Threads", DefaultValueFactory = _ => Environment.ProcessorCount };
        var json = new Option<string?>("--json") { HelpName = "FILE", Description = "Write the result there as JSON too" };
        var command = new Command("evaluate", "Measures a model on texts that it has not seen: perplexity, agreement with another model, speed, size, samples.")
        {
            folder, against, text, texts, seed, length, prompts, samples, temperature, threads, json,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var options = new EvaluationOptions
            {
                Folder = parsed.GetRequiredValue(folder),
                Against = parsed.GetValue(against),
                Files = parsed.GetValue(text) ?? [],
                Texts = parsed.GetValue(texts),
                Seed = parsed.GetValue(seed),
                Length = parsed.GetValue(length),
                Prompts = parsed.GetValue(prompts),
                Samples = parsed.GetValue(samples),
                SampleTemperature = parsed.GetValue(temperature),
                Threads = parsed.GetValue(threads),
            };
            Refuse(options);
            EvaluationReport? report = null;
            await terminal.ProgressAsync(progress =>
            {
                report = Evaluator.Run(options, progress, cancellationToken);
            }).ConfigureAwait(false);
            if (parsed.GetValue(json) is { } file)
                await File.WriteAllTextAsync(file, ToJson(report!), cancellationToken).ConfigureAwait(false);
            Write(terminal, report!);
            return ExitCode.Ok;
        });
        HelpWithExamples.AddTo(
            command,
            "meridian-tools evaluate models/stories --against /models/stories260k",
            "meridian-tools evaluate models/stories --text held-out.txt --json report.json");
        return command;
    }

    public static string ToJson(EvaluationReport report) => JsonSerializer.Serialize(report, Indented) + "\n";

    public static void Write(Terminal terminal, EvaluationReport report)
    {
        var rows = new List<(string, string)>
        {
            ("model", report.Model.Folder),
            ("texts", string.Create(CultureInfo.InvariantCulture, $"{report.Texts}, {report.Tokens} tokens, {report.Source}")),
            ("perplexity", Against(report.Model.Perplexity, report.Against?.Perplexity, "0.000")),
        };
        if (report.PerplexityRatio is { } ratio)
            rows.Add(("of the other's", string.Create(CultureInfo.InvariantCulture, $"{ratio:0.000} times")));
        if (report.Agreement is { } agreement)
            rows.Add(("next-token agreement", string.Create(CultureInfo.InvariantCulture, $"{agreement:0.0%}")));
        rows.Add(("layers", Against(report.Model.Layers, report.Against?.Layers, "0")));
        rows.Add(("size", report.Against is { } other ? $"{Terminal.Size(report.Model.Bytes)} (other: {Terminal.Size(other.Bytes)})" : Terminal.Size(report.Model.Bytes)));
        rows.Add(("tokens a second", Against(report.Model.TokensPerSecond, report.Against?.TokensPerSecond, "0")));
        rows.Add(("of many texts together", Against(report.Model.TokensPerSecondTogether, report.Against?.TokensPerSecondTogether, "0")));
        for (var i = 0; i < report.Model.Samples.Count; i++)
            rows.Add((string.Create(CultureInfo.InvariantCulture, $"sample {i + 1}"), report.Model.Samples[i]));
        terminal.Table(rows.ToArray());

        static string Against(double value, double? other, string format) => other is { } number
            ? $"{value.ToString(format, CultureInfo.InvariantCulture)} (other: {number.ToString(format, CultureInfo.InvariantCulture)})"
            : value.ToString(format, CultureInfo.InvariantCulture);
    }

    private static void Refuse(EvaluationOptions options)
    {
        if (options.Against is null && options.Files.Count == 0)
            throw new MistakeException("There is no text to judge on: name a file with --text, or with --against a model that writes some.");
        if (options.Files.FirstOrDefault(file => !File.Exists(file)) is { } missing)
            throw new MistakeException($"--text '{missing}' is no file.");
        if (options.Prompts is { } prompts && !File.Exists(prompts))
            throw new MistakeException($"--prompts '{prompts}' is no file.");
        var least = new (string Option, int Value, int Least)[] { ("--texts", options.Texts, 1), ("--length", options.Length, 0), ("--samples", options.Samples, 0), ("--threads", options.Threads, 1) };
        foreach (var (option, value, lowest) in least)
        {
            if (value < lowest)
                throw new MistakeException($"{option} {value} is below {lowest}.");
        }

        if (!(options.SampleTemperature is >= 0 and <= 2))
            throw new MistakeException(FormattableString.Invariant($"--temperature {options.SampleTemperature} is not from 0 to 2."));
    }
}
