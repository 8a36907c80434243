namespace Meridian.ModelTools.Evaluation;

/// <summary>Options of an evaluation.</summary>
public sealed record EvaluationOptions
{
    /// <value>Seed of the texts that a teacher writes for an evaluation. No training may use this seed.</value>
    public const int HeldOutSeed = 1_000_003;

    /// <value>Hugging Face folder of the model.</value>
    public required string Folder { get; init; }

    /// <value>Folder of the model to compare with, or null.</value>
    public string? Against { get; init; }

    /// <value>Text files. If there are none, <see cref="Against"/> writes the texts.</value>
    public IReadOnlyList<string> Files { get; init; } = [];

    /// <value>Number of texts that <see cref="Against"/> writes.</value>
    public int Texts { get; init; } = 256;

    public int Seed { get; init; } = HeldOutSeed;

    /// <value>Maximum number of tokens in a text; 0 for the smaller context of the two models.</value>
    public int Length { get; init; }

    /// <value>Text file with the beginnings of texts and samples, one per line; null for the token that begins every text.</value>
    public string? Prompts { get; init; }

    /// <value>Samples of each model.</value>
    public int Samples { get; init; } = 10;

    /// <value>Maximum number of tokens in a sample.</value>
    public int SampleTokens { get; init; } = 200;

    public float SampleTemperature { get; init; } = 0.8f;

    /// <value>Number of texts that run together.</value>
    public int SideBySide { get; init; } = 32;

    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <value>Texts of a training. An evaluation text that is among them is replaced by another drawn text.</value>
    public IReadOnlySet<string>? Seen { get; init; }
}
