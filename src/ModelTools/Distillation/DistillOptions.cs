using Meridian.Inference.Decoders.Contract;
using Meridian.ModelTools.Llama;

namespace Meridian.ModelTools.Distillation;

/// <summary>How a student is made of a teacher.</summary>
public sealed record DistillOptions
{
    /// <value>Hugging Face folder of the teacher.</value>
    public required string Teacher { get; init; }

    /// <value>Output folder of the student. It must be empty or must not exist.</value>
    public required string Out { get; init; }

    /// <value>Folder of corpus and checkpoints. A run continues with what the folder holds.</value>
    public required string Work { get; init; }

    /// <value>Number of the student's layers.</value>
    public required int Layers { get; init; }

    /// <value>Length of the student's residual stream.</value>
    public required int Hidden { get; init; }

    public required int Heads { get; init; }

    public required int KvHeads { get; init; }

    public required int Intermediate { get; init; }

    /// <value>The student's first weights.</value>
    public FirstWeights Start { get; init; }

    /// <value>Number of tokens that the teacher writes.</value>
    public long Tokens { get; init; } = 4_000_000;

    /// <value>Temperatures at which the teacher writes, in turn.</value>
    public IReadOnlyList<float> Temperatures { get; init; } = [1f, 1f, 0.7f];

    /// <value>Number of likeliest next tokens that are kept for every position as soft targets.</value>
    public int Top { get; init; } = 16;

    /// <value>Maximum number of tokens in a text; 0 for the teacher's context.</value>
    public int Length { get; init; }

    /// <value>Text file with the beginnings of texts, one per line; null if the teacher begins by itself.</value>
    public string? Prompts { get; init; }

    /// <value>Number of texts that the teacher writes together.</value>
    public int SideBySide { get; init; } = 64;

    /// <value>Number of updates of the weights.</value>
    public int Steps { get; init; } = 4000;

    /// <value>Number of tokens in an update, with padding.</value>
    public int BatchTokens { get; init; } = 8192;

    /// <value>Learning rate after the warm-up.</value>
    public double LearningRate { get; init; } = 3e-3;

    /// <value>Number of updates in which the learning rate rises to its value.</value>
    public int WarmUp { get; init; } = 100;

    /// <value>Learning rate at the end of its cosine decay, as a fraction of <see cref="LearningRate"/>.</value>
    public double FinalRate { get; init; } = 0.02;

    /// <value>Weight decay of AdamW. It applies to matrices, not to norms.</value>
    public double WeightDecay { get; init; } = 0.01;

    /// <value>Largest norm of an update's gradient. A larger gradient is scaled down.</value>
    public double Clip { get; init; } = 1;

    /// <value>Weight of the cross-entropy with the teacher's drawn tokens in the loss, 0 to 1. The divergence from the teacher's soft targets has the rest.</value>
    public double Hard { get; init; } = 0.1;

    /// <value>Seed of the corpus, the first weights and the order.</value>
    public int Seed { get; init; } = 1;

    /// <value>Number of updates between two checkpoints.</value>
    public int CheckpointEvery { get; init; } = 250;

    /// <value>Number of threads of the teacher and of the training.</value>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <value>Number of texts of the evaluation. The student is not trained on them.</value>
    public int HeldOut { get; init; } = 256;

    /// <summary>The student's dimensions; vocabulary, context and special tokens are the teacher's.</summary>
    public LlamaConfig Student(DecoderConfig teacher)
    {
        ArgumentNullException.ThrowIfNull(teacher);
        var end = teacher.EndIds is [var first, ..] ? first : 0;
        return new LlamaConfig
        {
            Layers = Layers,
            Hidden = Hidden,
            Heads = Heads,
            KvHeads = KvHeads,
            HeadDimension = Heads > 0 && Hidden % Heads == 0 ? Hidden / Heads : 0,
            Intermediate = Intermediate,
            Vocabulary = teacher.Vocabulary,
            Context = teacher.ContextLength,
            BosId = teacher.BeginId ?? end,
            EosIds = teacher.EndIds,
            PadId = end,
        };
    }

    /// <summary>Every mistake in words that name option, value and rule.</summary>
    public IReadOnlyList<string> Mistakes()
    {
        var mistakes = new List<string>();
        Least("--tokens", Tokens, 1);
        Least("--top", Top, 1);
        Least("--length", Length, 0);
        Least("--side-by-side", SideBySide, 1);
        Least("--steps", Steps, 1);
        Least("--batch", BatchTokens, 16);
        Least("--warm-up", WarmUp, 0);
        Least("--checkpoint-every", CheckpointEvery, 1);
        Least("--threads", Threads, 1);
        Least("--held-out", HeldOut, 1);
        Within("--learning-rate", LearningRate, 0, 1, above: true);
        Within("--final-rate", FinalRate, 0, 1);
        Within("--weight-decay", WeightDecay, 0, 1);
        Within("--clip", Clip, 0, 1e6, above: true);
        Within("--hard", Hard, 0, 1);
        if (Temperatures.Count == 0)
            mistakes.Add("--temperature is given without a number; 1 is the teacher as it is.");
        foreach (var temperature in Temperatures)
            Within("--temperature", temperature, 0, 2);
        if (Hard > 0 && !Temperatures.Contains(1f))
            mistakes.Add("--hard above 0 needs texts drawn at --temperature 1: only those are the teacher's own distribution. Add 1, or set --hard 0.");
        if (WarmUp >= Steps && Steps > 0)
            mistakes.Add($"--warm-up {WarmUp} leaves nothing of --steps {Steps}; choose a smaller one.");
        return mistakes;

        void Least(string option, long value, long least)
        {
            if (value < least)
                mistakes.Add($"{option} {value} is below {least}.");
        }

        void Within(string option, double value, double least, double most, bool above = false)
        {
            if (!(value >= least && value <= most) || (above && value == least))
                mistakes.Add(FormattableString.Invariant($"{option} {value} is not {(above ? "above" : "from")} {least} to {most}."));
        }
    }
}
