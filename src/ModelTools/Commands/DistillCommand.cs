using System.CommandLine;
using System.Diagnostics;
using Meridian.CommandLine;
using Meridian.ModelTools.Distillation;
using Meridian.ModelTools.Evaluation;
using Meridian.ModelTools.Llama;
using Meridian.ModelTools.Output;

namespace Meridian.ModelTools.Commands;

/// <summary><c>meridian-tools distill</c>: a small model that learns to think as a larger one.</summary>
internal static class DistillCommand
{
    private const string NoBackend =
        "This build of meridian-tools has nothing that trains: TorchSharp, 600 MB, is not part of it. Run 'dotnet run -c Release --project src/Training -- distill ...' instead; it takes the same options.";

    public static Command Build(Terminal terminal, ITrainingBackend? backend)
    {
        var byDefault = new DistillOptions { Teacher = "", Out = "", Work = "", Layers = 4, Hidden = 128, Heads = 8, KvHeads = 4, Intermediate = 352 };
        var teacher = new Option<string>("--teacher") { HelpName = "DIR", Description = "Hugging Face folder of the teacher: any decoder that an engine takes", Required = true };
        var to = new Option<string>("--out") { HelpName = "DIR", Description = "Folder to write; must be empty or not there", Required = true };
        var work = new Option<string?>("--work") { HelpName = "DIR", Description = "Folder of the teacher's texts and of checkpoints; a run that was stopped goes on from there [default: OUT.work]" };
        var layers = DimensionOption.Number("--layers", "The student's layers", byDefault.Layers);
        var hidden = DimensionOption.Number("--hidden", "Length of its residual stream; a multiple of twice the heads", byDefault.Hidden);
        var heads = DimensionOption.Number("--heads", "Query heads", byDefault.Heads);
        var kvHeads = DimensionOption.KvHeads();
        var intermediate = DimensionOption.Intermediate();
        var start = new Option<string>("--start")
        {
            HelpName = "WEIGHTS",
            Description = "random, or teacher: the weights of as many of its layers, spread evenly; the student must be as wide and have as many heads",
            DefaultValueFactory = _ => "random",
        }.AcceptOnlyFromAmong("random", "teacher");
        var tokens = new Option<long>("--tokens") { HelpName = "N", Description = "Tokens that the teacher writes", DefaultValueFactory = _ => byDefault.Tokens };
        var temperature = new Option<float[]>("--temperature")
        {
            HelpName = "T",
            Description = "Temperature that it writes at; repeatable, they take turns",
            DefaultValueFactory = _ => [.. byDefault.Temperatures],
        };
        var top = DimensionOption.Number("--top", "Likeliest next tokens that are kept of every position as soft targets", byDefault.Top);
        var length = DimensionOption.Number("--length", "Most tokens of a text; 0 for the teacher's context", byDefault.Length);
        var prompts = new Option<string?>("--prompts") { HelpName = "FILE", Description = "Lines that texts begin with [default: the teacher's first token alone]" };
        var side = DimensionOption.Number("--side-by-side", "Texts that the teacher writes at once", byDefault.SideBySide);
        var steps = DimensionOption.Number("--steps", "Updates of the weights", byDefault.Steps);
        var batch = DimensionOption.Number("--batch", "Tokens of an update, padding included", byDefault.BatchTokens);
        var rate = Real("--learning-rate", "Learning rate after the warm-up", byDefault.LearningRate);
        var warmUp = DimensionOption.Number("--warm-up", "Updates in which it rises", byDefault.WarmUp);
        var final = Real("--final-rate", "Part of it that is left at the end of its cosine decay", byDefault.FinalRate);
        var decay = Real("--weight-decay", "Of AdamW, on matrices", byDefault.WeightDecay);
        var clip = Real("--clip", "Largest norm of an update's gradient", byDefault.Clip);
        var hard = Real("--hard", "Part of the loss that is cross-entropy with the drawn tokens", byDefault.Hard);
        var seed = DimensionOption.Number("--seed", "Determines texts, first weights and order", byDefault.Seed);
        var every = DimensionOption.Number("--checkpoint-every", "Updates from a checkpoint to the next", byDefault.CheckpointEvery);
        var held = DimensionOption.Number("--held-out", "Texts of the evaluation, written by the teacher and never trained on", byDefault.HeldOut);
        var threads = DimensionOption.Number("--threads", "Threads; another number gives other last bits", byDefault.Threads);
        var command = new Command("distill", "Trains a small decoder on what a larger one writes and thinks, and writes it as a folder with a card that says how good it is.")
        {
            teacher, to, work, layers, hidden, heads, kvHeads, intermediate, start, tokens, temperature, top, length, prompts, side,
            steps, batch, rate, warmUp, final, decay, clip, hard, seed, every, held, threads,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var options = new DistillOptions
            {
                Teacher = parsed.GetRequiredValue(teacher),
                Out = parsed.GetRequiredValue(to),
                Work = parsed.GetValue(work) ?? Path.TrimEndingDirectorySeparator(parsed.GetRequiredValue(to)) + ".work",
                Layers = parsed.GetValue(layers),
                Hidden = parsed.GetValue(hidden),
                Heads = parsed.GetValue(heads),
                KvHeads = DimensionOption.KvHeads(parsed.GetValue(kvHeads), parsed.GetValue(heads)),
                Intermediate = DimensionOption.Intermediate(parsed.GetValue(intermediate), parsed.GetValue(hidden)),
                Start = parsed.GetValue(start) == "teacher" ? FirstWeights.Teacher : FirstWeights.Random,
                Tokens = parsed.GetValue(tokens),
                Temperatures = parsed.GetValue(temperature) ?? [],
                Top = parsed.GetValue(top),
                Length = parsed.GetValue(length),
                Prompts = parsed.GetValue(prompts),
                SideBySide = parsed.GetValue(side),
                Steps = parsed.GetValue(steps),
                BatchTokens = parsed.GetValue(batch),
                LearningRate = parsed.GetValue(rate),
                WarmUp = parsed.GetValue(warmUp),
                FinalRate = parsed.GetValue(final),
                WeightDecay = parsed.GetValue(decay),
                Clip = parsed.GetValue(clip),
                Hard = parsed.GetValue(hard),
                Seed = parsed.GetValue(seed),
                CheckpointEvery = parsed.GetValue(every),
                HeldOut = parsed.GetValue(held),
                Threads = parsed.GetValue(threads),
            };
            return await RunAsync(terminal, options, backend, cancellationToken).ConfigureAwait(false);
        });
        HelpWithExamples.AddTo(
            command,
            "meridian-tools distill --teacher stories260k --out /tmp/student",
            "meridian-tools distill --teacher my-llama --layers 6 --hidden 256 --heads 8 --prompts beginnings.txt --steps 20000 --out /tmp/student");
        return command;
    }

    private static async Task<int> RunAsync(Terminal terminal, DistillOptions options, ITrainingBackend? backend, CancellationToken cancellationToken)
    {
        var mistakes = options.Mistakes().ToList();
        if (options.Seed == EvaluationOptions.HeldOutSeed)
            mistakes.Add($"--seed {options.Seed} is the one that evaluations draw their texts with; take another.");
        if (options.Prompts is { } prompts && !File.Exists(prompts))
            mistakes.Add($"--prompts '{prompts}' is no file.");
        if (mistakes.Count > 0)
            throw new MistakeException(string.Join(Environment.NewLine, mistakes));
        if ((backend is null ? NoBackend : backend.Problem()) is { } problem)
            throw new TrainingUnavailableException(problem);
        EvaluationReport? report = null;
        var watch = Stopwatch.StartNew();
        await terminal.LongProgressAsync(progress => report = DistillRun.Run(options, backend!, progress, cancellationToken)).ConfigureAwait(false);
        FolderReport.Write(terminal, options.Out, LlamaConfig.Read(options.Out), "shared", LlamaFolder.Precision(options.Out), watch.Elapsed);
        EvaluateCommand.Write(terminal, report!);
        return ExitCode.Ok;
    }

    private static Option<double> Real(string name, string help, double value) => new(name) { HelpName = "X", Description = help, DefaultValueFactory = _ => value };
}
