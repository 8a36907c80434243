using System.Diagnostics;
using Meridian.Inference.Decoders.Contract;
using Meridian.ModelTools.Corpora;
using Meridian.ModelTools.Distillation;
using Meridian.ModelTools.Llama;
using Meridian.ModelTools.Tests.Harness;
using Meridian.TestModels;
using TorchSharp;

namespace Meridian.Training.Tests;

public sealed class TorchTests(UndisturbedRun undisturbed) : IClassFixture<UndisturbedRun>, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_model_computes_what_its_graph_computes()
    {
        Torch.Require();
        var config = MadeModels.Config;
        using var model = new TorchLlama(config, LlamaWeights.Read(MadeModels.Get(KvLayout.Shared)));
        using var raw = new RawDecoder(MadeModels.Get(KvLayout.Concatenated), KvLayout.Concatenated);
        long[] ids = [1, 40, 77, 383, 5, 5, 120, 300, 2, 19];

        using var scope = torch.NewDisposeScope();
        var logits = model.Forward(torch.tensor(ids, [1, ids.Length]), torch.arange(ids.Length)).data<float>().ToArray();
        var expected = raw.Append([.. ids.Select(id => (int)id)]);

        for (var i = 0; i < ids.Length; i++)
        {
            for (var id = 0; id < config.Vocabulary; id++)
                Assert.Equal(expected[i][id], logits[(i * config.Vocabulary) + id], 2e-4f);
        }
    }

    [Fact]
    public void A_student_that_is_its_teacher_diverges_nowhere()
    {
        Torch.Require();
        var options = Options("same") with { Top = 384, Hard = 0, LearningRate = 1e-9 };
        var (config, texts) = Corpus(options);
        using var trainer = new TorchTrainer(config, LlamaWeights.Read(options.Teacher), options);

        var loss = trainer.Step(TrainingBatch.Of(texts), options.LearningRate);

        Assert.InRange(loss.Divergence, -1e-3, 1e-3);
    }

    [Fact]
    public void Divergence_counts_what_is_not_kept_as_one()
    {
        Torch.Require();
        var options = Options("rest") with { Top = 3, Hard = 0, LearningRate = 1e-9 };
        var (config, texts) = Corpus(options);
        var start = StudentStart.Random(config, 3);
        using var trainer = new TorchTrainer(config, start, options);
        var batch = TrainingBatch.Of(texts);
        using var model = new TorchLlama(config, start);
        using var scope = torch.NewDisposeScope();
        var student = model.Forward(torch.tensor(batch.Inputs, [batch.Rows, batch.Length]), torch.tensor(batch.Kept)).data<float>().ToArray();

        var loss = trainer.Step(batch, options.LearningRate);

        var expected = Enumerable.Range(0, batch.Positions).Average(position =>
        {
            var row = student.AsSpan(position * config.Vocabulary, config.Vocabulary).ToArray();
            var sum = Math.Log(row.Sum(logit => Math.Exp(logit)));
            var (divergence, kept, studentKept) = (0.0, 0.0, 0.0);
            for (var j = 0; j < 3; j++)
            {
                var (id, log) = (batch.TopIds[(position * 3) + j], (double)batch.TopLogProbabilities[(position * 3) + j]);
                divergence += Math.Exp(log) * (log - (row[id] - sum));
                kept += Math.Exp(log);
                studentKept += Math.Exp(row[id] - sum);
            }

            return divergence + ((1 - kept) * Math.Log((1 - kept) / (1 - studentKept)));
        });
        Assert.Equal(expected, loss.Divergence, 1e-3);
    }

    [Fact]
    public void A_student_learns_and_the_same_seed_gives_the_same_checkpoint()
    {
        Torch.Require();
        var (first, report) = (undisturbed.Options, undisturbed.Report);

        DistillRun.Run(Options("second"), new TorchBackend(), NoProgress.Instance);

        Assert.Equal(Checkpoint(first), Checkpoint(Options("second")));
        Assert.Equal(File.ReadAllBytes(Path.Combine(first.Out, LlamaFolder.Graph)), File.ReadAllBytes(Path.Combine(Options("second").Out, LlamaFolder.Graph)));

        // The same student before its first step, on the same texts, is what learning is judged by.
        var untrained = Options("untrained") with { Steps = 1, WarmUp = 0, LearningRate = 1e-12 };
        var before = DistillRun.Run(untrained, new TorchBackend(), NoProgress.Instance).Model.Perplexity;
        TestContext.Current.TestOutputHelper?.WriteLine($"Perplexity {before:0.0} untrained, {report.Model.Perplexity:0.0} trained, {report.Against?.Perplexity:0.0} of the teacher.");
        Assert.InRange(report.Model.Perplexity, report.Against!.Perplexity, before * 0.7);
    }

    [Fact]
    public void A_training_that_was_stopped_ends_where_the_undisturbed_one_does()
    {
        Torch.Require();
        using var stop = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() => DistillRun.Run(Options("stopped"), new TorchBackend(), new StopAt("The student learns", 25, stop), stop.Token));

        DistillRun.Run(Options("stopped"), new TorchBackend(), NoProgress.Instance);

        Assert.Equal(Checkpoint(undisturbed.Options), Checkpoint(Options("stopped")));
    }

    [Fact]
    public async Task A_training_that_was_killed_ends_where_the_undisturbed_one_does()
    {
        Torch.Require();
        var killed = Options("killed");
        Directory.CreateDirectory(killed.Work);
        using var watcher = new FileSystemWatcher(killed.Work) { IncludeSubdirectories = true, NotifyFilter = NotifyFilters.DirectoryName, EnableRaisingEvents = true };
        var saved = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        watcher.Renamed += (_, change) =>
        {
            if (change.Name!.EndsWith("step-00000020", StringComparison.Ordinal))
                saved.TrySetResult();
        };

        using (var first = Start(killed))
        {
            var ended = first.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.Same(saved.Task, await Task.WhenAny(saved.Task, ended));
            first.Kill();
            await ended;
            Assert.NotEqual(0, first.ExitCode);
        }

        Assert.False(Directory.Exists(killed.Out));
        using var second = Start(killed);
        await second.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, second.ExitCode);
        Assert.Equal(Checkpoint(undisturbed.Options), Checkpoint(killed));
    }

    private static Process Start(DistillOptions options)
    {
        var dotnet = Environment.GetEnvironmentVariable("DOTNET_ROOT") is { Length: > 0 } root ? Path.Combine(root, "dotnet") : "dotnet";
        string[] arguments =
        [
            Path.Combine(AppContext.BaseDirectory, "Meridian.Training.dll"), "distill", "--teacher", options.Teacher, "--out", options.Out, "--work", options.Work,
            "--layers", $"{options.Layers}", "--hidden", $"{options.Hidden}", "--heads", $"{options.Heads}", "--kv-heads", $"{options.KvHeads}", "--intermediate", $"{options.Intermediate}",
            "--tokens", $"{options.Tokens}", "--top", $"{options.Top}", "--length", $"{options.Length}", "--side-by-side", $"{options.SideBySide}", "--steps", $"{options.Steps}",
            "--batch", $"{options.BatchTokens}", "--warm-up", $"{options.WarmUp}", "--checkpoint-every", $"{options.CheckpointEvery}", "--held-out", $"{options.HeldOut}", "--threads", $"{options.Threads}",
        ];
        var process = Process.Start(new ProcessStartInfo(dotnet, arguments) { RedirectStandardOutput = true })!;
        process.OutputDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
        return process;
    }

    private static byte[] Checkpoint(DistillOptions options)
    {
        var newest = Directory.GetDirectories(Path.Combine(options.Work, "checkpoints")).Order(StringComparer.Ordinal).Last();
        return File.ReadAllBytes(Path.Combine(newest, "weights.bin"));
    }

    private static (LlamaConfig Config, List<CorpusText> Texts) Corpus(DistillOptions options)
    {
        using var teacher = TeacherModel.Open(options.Teacher, 8, 1);
        var plan = new CorpusPlan
        {
            Teacher = "",
            SideBySide = 8,
            Seed = 1,
            Temperatures = [1],
            Top = options.Top,
            Length = 20,
            Prompts = teacher.Prompts(null),
            EndIds = teacher.Stage.Config.EndIds,
        };
        var config = options.Top == MadeModels.Config.Vocabulary ? MadeModels.Config : options.Student(teacher.Stage.Config);
        return (config, [.. ModelTools.Corpora.Corpus.Draw(teacher.Stage, plan, 8).Where(text => text.Tokens.Length > 1)]);
    }

    private DistillOptions Options(string name) => UndisturbedRun.OptionsOf(_folder.Path, name);

    private sealed class StopAt(string stage, long at, CancellationTokenSource stop) : ModelTools.Output.IStageProgress
    {
        public void Report(string name, long done, long total, string? note)
        {
            if (name == stage && done == at)
                stop.Cancel();
        }
    }
}
