namespace Meridian.ModelTools.Evaluation;

/// <summary>What an evaluation does.</summary>
public sealed record EvaluationOptions
{
    /// <value>Seed of the texts that a teacher writes for an evaluation. No training may use it.</value>
    public const int HeldOutSeed = 1_000_003;

    /// <value>Hugging Face folder of the model.</value>
    public required string Folder { get; init; }

    /// <value>Folder of the model to hold it against, or null.</value>
    public string? Against { get; init; }

    /// <value>Text files; where there are none the texts are written by <see cref="Against"/>.</value>
    public IReadOnlyList<string> Files { get; init; } = [];

    /// <value>Texts that <see cref="Against"/> writes.</value>
    public int Texts { get; init; } = 256;

    public int Seed { get; init; } = HeldOutSeed;

    /// <value>Most tokens of a text; 0 for the smaller context.</value>
    public int Length { get; init; }

    /// <value>Text file whose lines texts and samples begin with; null for the token that begins every text.</value>
    public string? Prompts { get; init; }

    /// <value>Samples of each model.</value>
    public int Samples { get; init; } = 10;

    /// <value>Most tokens of a sample.</value>
    public int SampleTokens { get; init; } = 200;

    public float SampleTemperature { get; init; } = 0.8f;

    /// <value>Texts that run together.</value>
    public int SideBySide { get; init; } = 32;

    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <value>Texts that must not be among those that are drawn: those of a training. A text found in it is left out and another drawn.</value>
    public IReadOnlySet<string>? Seen { get; init; }
}
