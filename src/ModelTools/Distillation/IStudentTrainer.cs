using Meridian.ModelTools.Llama;

namespace Meridian.ModelTools.Distillation;

/// <summary>What runs the training. The tool is built with one or without.</summary>
public interface ITrainingBackend
{
    /// <summary>Why it cannot run here, with a remedy; null where it can.</summary>
    string? Problem();

    /// <param name="config">The student's dimensions.</param>
    /// <param name="start">The student's first weights.</param>
    /// <param name="options">The options of the training.</param>
    IStudentTrainer Create(LlamaConfig config, LlamaWeights start, DistillOptions options);
}

/// <summary>A student while it learns. One thread calls it.</summary>
public interface IStudentTrainer : IDisposable
{
    /// <summary>One update of the weights.</summary>
    StepLoss Step(TrainingBatch batch, double learningRate);

    /// <summary>Writes weights and the optimizer's state into a directory.</summary>
    void Save(string directory);

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    void Load(string directory);

    /// <summary>A copy of the weights.</summary>
    LlamaWeights Weights();
}

/// <summary>What an update began with.</summary>
/// <param name="Divergence">Kullback-Leibler divergence from the teacher's soft targets, nats a token.</param>
/// <param name="CrossEntropy">Cross-entropy with the tokens that were drawn at temperature 1, nats a token; 0 if the batch has none.</param>
/// <param name="GradientNorm">Norm of the gradient before clipping.</param>
public readonly record struct StepLoss(double Divergence, double CrossEntropy, double GradientNorm);
