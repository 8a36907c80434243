using System.Globalization;
using System.Text;
using Meridian.ModelTools.Corpora;
using Meridian.ModelTools.Evaluation;
using Meridian.ModelTools.Llama;
using Meridian.ModelTools.Output;

namespace Meridian.ModelTools.Distillation;

/// <summary>The card of a student: where it comes from, how it was made, how good it is.</summary>
internal static class ModelCard
{
    public static string Write(
        DistillOptions options, LlamaConfig config, string teacherVersion, IReadOnlyList<CorpusText> texts, IReadOnlyList<LossPoint> losses, EvaluationReport report)
    {
        // The card names folders without their parents, because it is read on other machines.
        var (name, teacher) = (NameOf(options.Out), NameOf(options.Teacher));
        var (model, other) = (report.Model, report.Against!);
        var card = new StringBuilder();
        var license = LicenceOf(options.Teacher);
        Line("---");
        if (license is not null)
            Line($"license: {license}");
        Line("pipeline_tag: text-generation");
        Line("tags: [distillation, onnx]");
        Line("---");
        Line($"# {name}");
        Line();
        Line($"A decoder of {config.Parameters / 1e3:0} thousand parameters, distilled from **{teacher}** ({teacherVersion}) with `meridian-tools distill`.");
        Line();
        Line("| | student | teacher |");
        Line("|---|---|---|");
        Line($"| layers | {model.Layers} | {other.Layers} |");
        Line($"| hidden, heads, key and value heads, gated layer | {config.Hidden}, {config.Heads}, {config.KvHeads}, {config.Intermediate} | |");
        Line($"| vocabulary, context | {config.Vocabulary}, {config.Context} | the same |");
        Line($"| size | {Terminal.Size(model.Bytes)} | {Terminal.Size(other.Bytes)} |");
        Line($"| perplexity on held-out text | {model.Perplexity:0.000} | {other.Perplexity:0.000} |");
        Line($"| tokens a second, one text | {model.TokensPerSecond:0} | {other.TokensPerSecond:0} |");
        Line($"| tokens a second, 32 texts together | {model.TokensPerSecondTogether:0} | {other.TokensPerSecondTogether:0} |");
        Line();
        Line($"Perplexity is {report.PerplexityRatio:0.000} times the teacher's; both have the same likeliest next token at {report.Agreement:0.0%} of {report.Tokens:N0} positions.");
        Line($"The {report.Texts} held-out texts were written by the teacher at temperature 1 (seed {EvaluationOptions.HeldOutSeed}); none of them is among the training texts.");
        Line("Speeds were measured on the processor of the machine that made this card, student and teacher one after the other.");
        Line();
        Line("## Data");
        Line();
        Line($"{texts.Count:N0} texts, {texts.Sum(static text => (long)text.Tokens.Length):N0} tokens, all written by the teacher, at temperatures {string.Join(", ", options.Temperatures.Select(static t => t.ToString(CultureInfo.InvariantCulture)))} in turn,");
        Line($"with its log probabilities of the {Math.Min(options.Top, config.Vocabulary)} likeliest next tokens at every position. No other text was used.");
        Line();
        Line("## Training");
        Line();
        Line("![losses](losses.svg)");
        Line();
        Line(options.Start == FirstWeights.Teacher
            ? $"The first weights are those of the teacher's layers, as many as the student has, in wider matrices: what is new there read at random and wrote nothing."
            : "The first weights were random.");
        Line($"{options.Steps} updates of up to {options.BatchTokens} tokens; AdamW, weight decay {options.WeightDecay}; learning rate {options.LearningRate} after {options.WarmUp} updates,");
        Line($"falling by half a cosine to {options.FinalRate} of it; gradients clipped at {options.Clip}; loss {1 - options.Hard:0.##} divergence from the teacher + {options.Hard:0.##} cross-entropy");
        Line($"with the tokens drawn at temperature 1; seed {options.Seed}. At the end the divergence was {losses.TakeLast(100).Average(static point => point.Divergence):0.0000} nats a token.");
        Line();
        Line("```bash");
        Line(Command(options, name, teacher));
        Line("```");
        Line();
        Line("## Samples");
        Line();
        Line("Temperature 0.8, the first ten draws, none chosen.");
        foreach (var sample in model.Samples)
        {
            Line();
            foreach (var line in sample.Split('\n'))
                Line($"> {line}".TrimEnd());
        }

        Line();
        Line("## Licence");
        Line();
        Line(license is null
            ? $"That of {teacher}, whose licence file is beside this card where it has one."
            : $"{license.ToUpperInvariant()}, as {teacher}; its licence file is beside this card.");
        return card.ToString();

        // The tool knows one culture only, the invariant one.
        void Line(string text = "") => card.Append(text).Append('\n');
    }

    private static string NameOf(string folder) => Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));

    /// <summary>The teacher's licence by its usual name, where its text can be told.</summary>
    private static string? LicenceOf(string folder)
    {
        var path = Array.Find(["LICENSE", "LICENSE.txt", "LICENSE.md"], file => File.Exists(Path.Combine(folder, file)));
        if (path is null)
            return null;
        var text = File.ReadAllText(Path.Combine(folder, path));
        return text.Contains("MIT License", StringComparison.OrdinalIgnoreCase) || text.Contains("Permission is hereby granted, free of charge", StringComparison.Ordinal) ? "mit"
            : text.Contains("Apache License", StringComparison.OrdinalIgnoreCase) ? "apache-2.0"
            : null;
    }

    private static string Command(DistillOptions options, string name, string teacher) =>
        $"meridian-tools distill --teacher {teacher} --layers {options.Layers} --hidden {options.Hidden} --heads {options.Heads} --kv-heads {options.KvHeads} --intermediate {options.Intermediate} --start {(options.Start == FirstWeights.Teacher ? "teacher" : "random")} \\\n"
        + $"  --tokens {options.Tokens} {string.Join(' ', options.Temperatures.Select(static t => string.Create(CultureInfo.InvariantCulture, $"--temperature {t}")))} --top {options.Top} --length {options.Length} --side-by-side {options.SideBySide} \\\n"
        + $"  --steps {options.Steps} --batch {options.BatchTokens} --learning-rate {options.LearningRate} --warm-up {options.WarmUp} --final-rate {options.FinalRate} --weight-decay {options.WeightDecay} \\\n"
        + $"  --clip {options.Clip} --hard {options.Hard} --seed {options.Seed} --held-out {options.HeldOut} --out {name}";
}
