namespace Meridian.ModelTools.Distillation;

/// <summary>An update, as a checkpoint remembers it.</summary>
public readonly record struct LossPoint(int Step, double Divergence, double CrossEntropy, double LearningRate);
