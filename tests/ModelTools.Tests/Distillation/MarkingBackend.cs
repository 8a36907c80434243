using System.Globalization;
using Meridian.ModelTools.Distillation;
using Meridian.ModelTools.Llama;

namespace Meridian.ModelTools.Tests.Distillation;

/// <summary>Learns nothing, but remembers every update that it was given: what a run did is seen by it.</summary>
internal sealed class MarkingBackend(Action<int>? stepped = null) : ITrainingBackend
{
    public List<string> Updates { get; } = [];

    public string? Problem() => null;

    public IStudentTrainer Create(LlamaConfig config, LlamaWeights start, DistillOptions options) => new Trainer(this, start, stepped);

    private sealed class Trainer(MarkingBackend owner, LlamaWeights start, Action<int>? stepped) : IStudentTrainer
    {
        public StepLoss Step(TrainingBatch batch, double learningRate)
        {
            var mark = new HashCode();
            foreach (var input in batch.Inputs)
                mark.Add(input);
            foreach (var top in batch.TopIds)
                mark.Add(top);
            owner.Updates.Add(string.Create(CultureInfo.InvariantCulture, $"{mark.ToHashCode()} {learningRate:R}"));
            stepped?.Invoke(owner.Updates.Count);
            return new StepLoss(1.0 / owner.Updates.Count, 2, 1);
        }

        public void Save(string directory) => File.WriteAllLines(Path.Combine(directory, "updates"), owner.Updates);

        public void Load(string directory)
        {
            owner.Updates.Clear();
            owner.Updates.AddRange(File.ReadLines(Path.Combine(directory, "updates")));
        }

        public LlamaWeights Weights() => start;

        public void Dispose()
        {
        }
    }
}
