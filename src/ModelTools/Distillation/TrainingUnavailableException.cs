namespace Meridian.ModelTools.Distillation;

/// <summary>Nothing trains here; the message says why and what to do.</summary>
public sealed class TrainingUnavailableException(string message) : Exception(message);
