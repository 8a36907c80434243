using Meridian.Inference.Decoders.Contract;
using Meridian.ModelTools.Distillation;
using Meridian.ModelTools.Evaluation;
using Meridian.ModelTools.Tests.Harness;
using Meridian.TestModels;

namespace Meridian.Training.Tests;

/// <summary>One training from beginning to end, which several tests compare others with. It runs for the first test that asks.</summary>
public sealed class UndisturbedRun : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Lazy<EvaluationReport> _report;

    public UndisturbedRun() => _report = new(() => DistillRun.Run(OptionsOf(_folder.Path, "undisturbed"), new TorchBackend(), NoProgress.Instance));

    public EvaluationReport Report => _report.Value;

    /// <value>Options of the run, which has ended.</value>
    public DistillOptions Options => _report.Value is null ? null! : OptionsOf(_folder.Path, "undisturbed");

    /// <summary>A small student that is trained in seconds.</summary>
    public static DistillOptions OptionsOf(string folder, string name) => new()
    {
        Teacher = MadeModels.Get(KvLayout.Shared),
        Out = Path.Combine(folder, name),
        Work = Path.Combine(folder, name + ".work"),
        Layers = 1,
        Hidden = 64,
        Heads = 4,
        KvHeads = 2,
        Intermediate = 96,
        Tokens = 40_000,
        Top = 16,
        Length = 24,
        SideBySide = 32,
        Steps = 60,
        BatchTokens = 1024,
        WarmUp = 5,
        CheckpointEvery = 20,
        HeldOut = 32,
        Threads = 1,
    };

    public void Dispose() => _folder.Dispose();
}
