using System.Diagnostics;
using System.Globalization;
using Meridian.Inference.Packages;
using Meridian.ModelTools.Corpora;
using Meridian.ModelTools.Output;

namespace Meridian.ModelTools.Evaluation;

/// <summary>Evaluates a model on texts that it was not trained on.</summary>
public static class Evaluator
{
    // Enough tokens for a reliable measurement, few enough for a short wait.
    private const int SpeedTokens = 4096;
    private const int AloneTokens = 512;

    /// <exception cref="ModelPackageException">A folder holds no decoder, the two models do not have the same tokens, or a file has no text.</exception>
    public static EvaluationReport Run(EvaluationOptions options, IStageProgress progress, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(progress);
        using var model = TeacherModel.Open(options.Folder, options.SideBySide, options.Threads);
        using var against = options.Against is null ? null : TeacherModel.Open(options.Against, options.SideBySide, options.Threads);
        if (against is not null)
            RefuseOtherTokens(model, against);
        var context = Math.Min(model.Stage.Shape.ContextLength, against?.Stage.Shape.ContextLength ?? int.MaxValue);
        var length = options.Length == 0 ? context : Math.Min(options.Length, context);
        var texts = options.Files.Count > 0 ? FromFiles(model, options.Files, length) : Written(against!, options, length, progress, cancellationToken);

        var forced = Judge("Judging the model", model, texts, progress, cancellationToken);
        var judged = against is null ? null : Judge("Judging the other", against, texts, progress, cancellationToken);
        var one = Report(model, forced, texts[0][0], options, progress, cancellationToken);
        var other = against is null ? null : Report(against, judged!, texts[0][0], options, progress, cancellationToken);
        return new EvaluationReport
        {
            Model = one,
            Against = other,
            Agreement = judged is null ? null : Agreement(forced, judged),
            PerplexityRatio = other is null ? null : one.Perplexity / other.Perplexity,
            Source = options.Files.Count > 0
                ? string.Join(", ", options.Files)
                : string.Create(CultureInfo.InvariantCulture, $"written by {options.Against} at temperature 1, seed {options.Seed}"),
            Texts = texts.Count,
            Tokens = forced.Sum(static text => (long)text.Best.Length),
        };
    }

    private static void RefuseOtherTokens(TeacherModel model, TeacherModel against)
    {
        if (model.Stage.Shape.Vocabulary != against.Stage.Shape.Vocabulary || model.Tokenizer.VocabularySize != against.Tokenizer.VocabularySize)
        {
            throw new ModelPackageException(
                model.Folder,
                $"'{model.Folder}' has {model.Stage.Shape.Vocabulary} tokens and '{against.Folder}' {against.Stage.Shape.Vocabulary}: token by token they cannot be held against each other. Give texts with --text and evaluate each alone.");
        }

        for (var id = 0; id < model.Tokenizer.VocabularySize; id++)
        {
            if (!model.Tokenizer.Bytes(id).Span.SequenceEqual(against.Tokenizer.Bytes(id).Span))
                throw new ModelPackageException(model.Folder, $"Token {id} is not the same in '{model.Folder}' and '{against.Folder}': they have different tokenizers. Give texts with --text and evaluate each alone.");
        }
    }

    private static List<int[]> FromFiles(TeacherModel model, IReadOnlyList<string> files, int length)
    {
        var texts = new List<int[]>();
        foreach (var file in files)
        {
            var ids = model.Ids(File.ReadAllText(file));
            for (var first = 0; first < ids.Length; first += length)
            {
                if (Math.Min(length, ids.Length - first) is var count and > 1)
                    texts.Add(ids[first..(first + count)]);
            }
        }

        return texts.Count > 0 ? texts : throw new ModelPackageException(files[0], $"{string.Join(", ", files)}: there is no text of two tokens or more in it.");
    }

    private static List<int[]> Written(TeacherModel teacher, EvaluationOptions options, int length, IStageProgress progress, CancellationToken cancellationToken)
    {
        var most = (long)options.Texts * length;
        var drawn = Corpus.Draw(teacher.Stage, HeldOutPlan(teacher, options, length), options.Texts, done => progress.Report("Writing held-out texts", done, most), cancellationToken);
        progress.Report("Writing held-out texts", most, most);
        return [.. drawn.Select(static text => text.Tokens).Where(tokens => tokens.Length > 1 && options.Seen?.Contains(KeyOf(tokens)) != true)];
    }

    /// <summary>The plan with which the other model writes the texts of the evaluation.</summary>
    internal static CorpusPlan HeldOutPlan(TeacherModel teacher, EvaluationOptions options, int length) => new()
    {
        Teacher = teacher.Package.Manifest.Version,
        SideBySide = options.SideBySide,
        Seed = options.Seed,
        Temperatures = [1],
        Top = 1,
        Length = length,
        Prompts = teacher.Prompts(options.Prompts),
        EndIds = teacher.EndIds,
    };

    /// <summary>The key of a text in <see cref="EvaluationOptions.Seen"/>.</summary>
    internal static string KeyOf(int[] tokens) => string.Join(' ', tokens);

    private static ForcedText[] Judge(string stage, TeacherModel model, List<int[]> texts, IStageProgress progress, CancellationToken cancellationToken)
    {
        var (done, total) = (0L, texts.Sum(static text => text.Length - 1L));
        var forced = texts.ConvertAll(static text => new ForcedText(text));
        new SequenceWalk(model.Stage).Run(forced, step => progress.Report(stage, done += step, total), cancellationToken);
        return [.. forced];
    }

    private static double Perplexity(ForcedText[] texts) => Math.Exp(-texts.Sum(static text => text.LogProbabilities.Sum()) / texts.Sum(static text => text.LogProbabilities.Length));

    private static double Agreement(ForcedText[] model, ForcedText[] against)
    {
        long same = 0;
        for (var i = 0; i < model.Length; i++)
        {
            for (var position = 0; position < model[i].Best.Length; position++)
                same += model[i].Best[position] == against[i].Best[position] ? 1 : 0;
        }

        return same / (double)model.Sum(static text => (long)text.Best.Length);
    }

    private static ModelReport Report(TeacherModel model, ForcedText[] judged, int first, EvaluationOptions options, IStageProgress progress, CancellationToken cancellationToken)
    {
        var begin = model.Stage.Config.BeginId ?? first;
        var plan = new CorpusPlan
        {
            Teacher = "",
            SideBySide = options.SideBySide,
            Seed = 0,
            Temperatures = [options.SampleTemperature],
            Top = 1,
            Length = Math.Min(options.SampleTokens, model.Stage.Shape.ContextLength),
            Prompts = options.Prompts is null ? [[begin]] : model.Prompts(options.Prompts),
            EndIds = model.EndIds,
        };
        var samples = Corpus.Draw(model.Stage, plan, options.Samples, null, cancellationToken);
        progress.Report("Measuring speed", 0, 1);
        var alone = Speed(model, begin, 1, AloneTokens, cancellationToken);
        var together = Speed(model, begin, options.SideBySide, SpeedTokens, cancellationToken);
        progress.Report("Measuring speed", 1, 1);
        return new ModelReport
        {
            Folder = model.Folder,
            Layers = model.Stage.Shape.Layers,
            Bytes = model.Bytes,
            Perplexity = Perplexity(judged),
            TokensPerSecond = alone,
            TokensPerSecondTogether = together,
            Samples = [.. samples.Select(text => model.Text(text.Tokens).Trim())],
        };
    }

    /// <summary>Tokens per second; the median of three measurements.</summary>
    private static double Speed(TeacherModel model, int begin, int side, int tokens, CancellationToken cancellationToken)
    {
        var length = Math.Min(model.Stage.Shape.ContextLength, Math.Max(2, tokens / side));
        var text = new int[length];
        Array.Fill(text, begin);
        var speeds = new double[3];
        for (var i = 0; i < speeds.Length; i++)
        {
            var watch = Stopwatch.StartNew();
            new SequenceWalk(model.Stage).Run(Enumerable.Range(0, side).Select(_ => new ForcedText(text)), null, cancellationToken);
            speeds[i] = (length - 1) * side / watch.Elapsed.TotalSeconds;
        }

        Array.Sort(speeds);
        return speeds[1];
    }
}
