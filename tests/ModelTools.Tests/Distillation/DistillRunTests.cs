using Meridian.Inference.Decoders.Contract;
using Meridian.Inference.Packages;
using Meridian.ModelTools.Corpora;
using Meridian.ModelTools.Distillation;
using Meridian.ModelTools.Evaluation;
using Meridian.ModelTools.Llama;
using Meridian.ModelTools.Output;
using Meridian.ModelTools.Tests.Harness;
using Meridian.TestModels;

namespace Meridian.ModelTools.Tests.Distillation;

public sealed class DistillRunTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(13)]
    [InlineData(19)]
    public void A_run_that_was_stopped_makes_the_same_updates(int stopAt)
    {
        var undisturbed = new MarkingBackend();
        DistillRun.Run(Options("undisturbed"), undisturbed, NoProgress.Instance);
        using var stop = new CancellationTokenSource();
        var stopped = new MarkingBackend(count =>
        {
            if (count == stopAt)
                stop.Cancel();
        });
        Assert.Throws<OperationCanceledException>(() => DistillRun.Run(Options("stopped"), stopped, NoProgress.Instance, stop.Token));
        Assert.False(Directory.Exists(Options("stopped").Out));

        var resumed = new MarkingBackend();
        DistillRun.Run(Options("stopped"), resumed, NoProgress.Instance);

        Assert.Equal(20, undisturbed.Updates.Count);
        Assert.Equal(undisturbed.Updates, resumed.Updates);
    }

    [Fact]
    public void A_damaged_checkpoint_is_passed_over_for_the_one_before()
    {
        var first = new MarkingBackend();
        DistillRun.Run(Options("first"), first, NoProgress.Instance);
        var newest = Directory.GetDirectories(Path.Combine(Options("first").Work, "checkpoints")).Order(StringComparer.Ordinal).Last();
        File.AppendAllText(Path.Combine(newest, "updates"), "not what was written");
        Directory.Delete(Options("first").Out, recursive: true);
        var steps = 0;

        var again = new MarkingBackend(_ => steps++);
        DistillRun.Run(Options("first"), again, NoProgress.Instance);

        Assert.Equal(5, steps);
        Assert.Equal(first.Updates, again.Updates);
    }

    [Fact]
    public void A_work_folder_of_other_options_is_refused()
    {
        DistillRun.Run(Options("first"), new MarkingBackend(), NoProgress.Instance);
        var other = Options("first") with { LearningRate = 0.5, Out = Path.Combine(_folder.Path, "other") };

        var refusal = Assert.Throws<ModelPackageException>(() => DistillRun.Run(other, new MarkingBackend(), NoProgress.Instance));

        Assert.Contains("other options", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("--work", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_taken_folder_is_refused_before_anything_is_done()
    {
        var options = Options("taken");
        Directory.CreateDirectory(options.Out);
        File.WriteAllText(Path.Combine(options.Out, "mine"), "");

        Assert.Throws<OutputRefusedException>(() => DistillRun.Run(options, new MarkingBackend(), NoProgress.Instance));

        Assert.False(Directory.Exists(options.Work));
    }

    [Fact]
    public void The_student_is_a_folder_that_an_engine_takes_with_a_card_that_says_how_good_it_is()
    {
        var options = Options("student");

        var report = DistillRun.Run(options, new MarkingBackend(), NoProgress.Instance);

        var config = LlamaConfig.Read(options.Out);
        Assert.Equal((1, 32, 2, 1), (config.Layers, config.Hidden, config.Heads, config.KvHeads));
        Assert.Equal(Bytes(options.Teacher, "tokenizer.json"), Bytes(options.Out, "tokenizer.json"));
        Assert.Equal(options.HeldOut, report.Texts);

        // Nobody has trained this student: it guesses among all tokens, where its teacher guesses among some fifty.
        var vocabulary = (double)MadeModels.Config.Vocabulary;
        Assert.InRange(report.Model.Perplexity, 0.9 * vocabulary, 1.2 * vocabulary);
        Assert.InRange(report.Against!.Perplexity, 1, 0.25 * vocabulary);
        Assert.Equal(report.Model.Perplexity / report.Against.Perplexity, report.PerplexityRatio!.Value, 1e-9);
        var card = File.ReadAllText(Path.Combine(options.Out, "README.md"));
        Assert.Contains(report.Model.Perplexity.ToString("0.000"), card, StringComparison.Ordinal);
        Assert.Contains("none of them is among the training texts", card, StringComparison.Ordinal);
        Assert.Contains("meridian-tools distill --teacher", card, StringComparison.Ordinal);
        Assert.Equal(10, report.Model.Samples.Count);
        Assert.DoesNotContain(_folder.Path, card, StringComparison.Ordinal);
        Assert.Contains("<svg", File.ReadAllText(Path.Combine(options.Out, "losses.svg")), StringComparison.Ordinal);

        static byte[] Bytes(string folder, string file) => File.ReadAllBytes(Path.Combine(folder, file));
    }

    [Fact]
    public void A_teacher_without_a_token_that_begins_texts_writes_from_prompts_and_is_judged_on_such()
    {
        var teacher = Folders.Copy(MadeModels.Get(KvLayout.Shared), Path.Combine(_folder.Path, "teacher"));
        Folders.Edit(teacher, "config.json", "\"bos_token_id\": 1,", "");
        Folders.Edit(teacher, "generation_config.json", "\"bos_token_id\": 1,", "");
        var prompts = Path.Combine(_folder.Path, "prompts.txt");
        File.WriteAllText(prompts, "One day\nThe cat\n");
        var options = Options("student") with { Teacher = teacher };

        var refusal = Assert.Throws<ModelPackageException>(() => DistillRun.Run(options, new MarkingBackend(), NoProgress.Instance));
        var report = DistillRun.Run(options with { Prompts = prompts }, new MarkingBackend(), NoProgress.Instance);

        Assert.Contains("--prompts FILE", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(options.HeldOut, report.Texts);
    }

    [Fact]
    public void Held_out_texts_that_were_trained_on_are_left_out()
    {
        var folder = MadeModels.Get(KvLayout.Shared);
        var options = new EvaluationOptions { Folder = folder, Against = folder, Texts = 20, Length = 12, SideBySide = 8, Threads = 1 };
        using var teacher = TeacherModel.Open(folder, options.SideBySide, options.Threads);
        var seen = Corpus.Draw(teacher.Stage, Evaluator.HeldOutPlan(teacher, options, 12), 7).Select(text => Evaluator.KeyOf(text.Tokens)).ToHashSet(StringComparer.Ordinal);

        var all = Evaluator.Run(options, NoProgress.Instance);
        var rest = Evaluator.Run(options with { Seen = seen }, NoProgress.Instance);

        Assert.Equal(20, all.Texts);
        Assert.Equal(1.0, all.PerplexityRatio!.Value, 1e-12);
        Assert.Equal(13, rest.Texts);
    }

    private DistillOptions Options(string name) => new()
    {
        Teacher = MadeModels.Get(KvLayout.Shared),
        Out = Path.Combine(_folder.Path, name),
        Work = Path.Combine(_folder.Path, name + ".work"),
        Layers = 1,
        Hidden = 32,
        Heads = 2,
        KvHeads = 1,
        Intermediate = 64,
        Tokens = 8000,
        Top = 4,
        Length = 12,
        SideBySide = 16,
        Steps = 20,
        BatchTokens = 256,
        WarmUp = 2,
        CheckpointEvery = 5,
        HeldOut = 20,
        Threads = 1,
    };
}
