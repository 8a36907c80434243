using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Meridian.Inference.Packages;
using Meridian.ModelTools.Corpora;
using Meridian.ModelTools.Evaluation;
using Meridian.ModelTools.Llama;
using Meridian.ModelTools.Output;

namespace Meridian.ModelTools.Distillation;

/// <summary>
/// Distils a student from a teacher (Hinton, Vinyals, Dean, arXiv:1503.02531). The teacher writes texts, with its probabilities of the likeliest tokens at every
/// position. The student is trained to give the same probabilities, and is then measured on texts that it was not trained on. A run that was stopped continues
/// where it stopped.
/// </summary>
public static class DistillRun
{
    /// <param name="options">The options. They must have no <see cref="DistillOptions.Mistakes"/>.</param>
    /// <param name="backend">The training backend.</param>
    /// <param name="progress">Receives the progress.</param>
    /// <param name="cancellationToken">Ends the run. The corpus and the last checkpoint stay.</param>
    /// <exception cref="ModelPackageException">The teacher cannot be used, or the work folder is damaged or belongs to another run.</exception>
    /// <exception cref="OutputRefusedException">The output folder is not empty.</exception>
    public static EvaluationReport Run(DistillOptions options, ITrainingBackend backend, IStageProgress progress, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(backend);
        ArgumentNullException.ThrowIfNull(progress);
        // Check now whether the folder can be written, not after hours of training. If the process is killed before the end, the folder does not exist.
        OutputFolder.Begin(options.Out).Dispose();
        var (config, texts, teacher) = Read(options, progress, cancellationToken);
        var story = JsonSerializer.Serialize(new
        {
            Teacher = teacher,
            Student = config,
            options.Tokens,
            options.Temperatures,
            options.Top,
            options.Length,
            options.SideBySide,
            options.Steps,
            options.BatchTokens,
            options.LearningRate,
            options.WarmUp,
            options.FinalRate,
            options.WeightDecay,
            options.Clip,
            options.Hard,
            options.Seed,
            options.Start,
        });
        using var student = backend.Create(config, Start(options, config), options);
        var losses = Train(options, student, texts, new Checkpoints(Path.Combine(options.Work, "checkpoints"), story), progress, cancellationToken);
        using var folder = OutputFolder.Begin(options.Out);
        LlamaFolder.WriteLike(folder.Path, config, student.Weights(), options.Teacher, cancellationToken);

        var report = Evaluator.Run(
            new EvaluationOptions
            {
                Folder = folder.Path,
                Against = options.Teacher,
                Texts = options.HeldOut,
                Length = options.Length,
                Prompts = options.Prompts,
                Threads = options.Threads,
                Seen = texts.Select(static text => Evaluator.KeyOf(text.Tokens)).ToHashSet(StringComparer.Ordinal),
            },
            progress,
            cancellationToken);
        report = report with { Model = report.Model with { Folder = options.Out } };
        File.WriteAllText(Path.Combine(folder.Path, "losses.svg"), LossCurve.Draw(losses));
        File.WriteAllText(Path.Combine(folder.Path, "README.md"), ModelCard.Write(options, config, teacher, texts, losses, report));
        folder.Complete();
        return report;
    }

    /// <exception cref="ModelPackageException">The student is to begin with the teacher's weights, but they cannot be read or do not fit.</exception>
    private static LlamaWeights Start(DistillOptions options, LlamaConfig config)
    {
        if (options.Start == FirstWeights.Random)
            return StudentStart.Random(config, options.Seed);
        var teacher = LlamaConfig.Read(options.Teacher);
        return StudentStart.Unfit(config, teacher) is { } reason
            ? throw new ModelPackageException(options.Teacher, $"--start teacher is not possible with these dimensions: {reason}. Choose others, or --start random.")
            : StudentStart.Of(config, LlamaWeights.Read(options.Teacher, teacher), teacher, options.Seed);
    }

    private static (LlamaConfig Config, List<CorpusText> Texts, string Teacher) Read(DistillOptions options, IStageProgress progress, CancellationToken cancellationToken)
    {
        using var teacher = TeacherModel.Open(options.Teacher, options.SideBySide, options.Threads);
        var config = options.Student(teacher.Stage.Config);
        if (options.Start == FirstWeights.Teacher && LlamaConfig.Read(options.Teacher) is var own)
            config = config with { RopeTheta = own.RopeTheta, RmsEpsilon = own.RmsEpsilon };
        if (config.Mistakes() is { Count: > 0 } mistakes)
            throw new ModelPackageException(options.Teacher, string.Join(Environment.NewLine, mistakes));
        var context = teacher.Stage.Shape.ContextLength;
        var plan = new CorpusPlan
        {
            Teacher = teacher.Package.Manifest.Version,
            SideBySide = options.SideBySide,
            Seed = options.Seed,
            Temperatures = options.Temperatures,
            Top = Math.Min(options.Top, config.Vocabulary),
            Length = options.Length == 0 ? context : Math.Min(options.Length, context),
            Prompts = teacher.Prompts(options.Prompts),
            EndIds = teacher.EndIds,
        };
        var watch = Stopwatch.StartNew();
        var (last, written) = (0L, 0L);
        var texts = Corpus.Write(
            Path.Combine(options.Work, "corpus"),
            teacher.Stage,
            plan,
            options.Tokens,
            done =>
            {
                // A large step is a part that an earlier run has written.
                if (done - last <= options.SideBySide)
                    written += done - last;
                else
                    watch.Restart();
                last = done;
                progress.Report("The teacher writes", Math.Min(done, options.Tokens), options.Tokens, Speed(written, watch));
            },
            cancellationToken);
        return (config, texts.FindAll(static text => text.Tokens.Length > 1), plan.Teacher);
    }

    private static List<LossPoint> Train(
        DistillOptions options, IStudentTrainer student, List<CorpusText> texts, Checkpoints checkpoints, IStageProgress progress, CancellationToken cancellationToken)
    {
        var schedule = new BatchSchedule(texts.Select(static text => text.Tokens.Length), options.BatchTokens, options.Seed);
        var rate = new LearningRate(options.LearningRate, options.WarmUp, options.Steps, options.FinalRate);
        var (done, losses) = checkpoints.Load(student.Load);
        var watch = Stopwatch.StartNew();
        var (tokens, divergence) = (0L, 0.0);
        while (done < options.Steps)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var batch = TrainingBatch.Of([.. schedule.At(done).Select(number => texts[number])]);
            var learningRate = rate.At(done);
            var loss = student.Step(batch, learningRate);
            if (!double.IsFinite(loss.Divergence + loss.GradientNorm))
                throw new InvalidOperationException(FormattableString.Invariant($"Update {done + 1} has the loss {loss.Divergence}: training diverged. Choose a smaller --learning-rate."));
            losses.Add(new LossPoint(++done, loss.Divergence, loss.CrossEntropy, learningRate));
            tokens += batch.Positions;
            divergence = losses.Count == 1 || divergence == 0 ? loss.Divergence : (0.98 * divergence) + (0.02 * loss.Divergence);
            progress.Report("The student learns", done, options.Steps, string.Create(CultureInfo.InvariantCulture, $"divergence {divergence:0.0000} {Speed(tokens, watch)}"));
            if (done % options.CheckpointEvery == 0 || done == options.Steps)
                checkpoints.Save(done, losses, student.Save);
        }

        return losses;
    }

    private static string Speed(long tokens, Stopwatch watch) => string.Create(CultureInfo.InvariantCulture, $"{tokens / Math.Max(0.001, watch.Elapsed.TotalSeconds):0} tokens/s");
}
