namespace Meridian.ModelTools.Llama;

/// <summary>Dimensions and constants of a Llama-architecture decoder, as in <c>config.json</c> and <c>generation_config.json</c>.</summary>
public sealed partial record LlamaConfig
{
    public required int Layers { get; init; }

    /// <value>Length of the residual stream.</value>
    public required int Hidden { get; init; }

    /// <value>Query heads; a multiple of <see cref="KvHeads"/>.</value>
    public required int Heads { get; init; }

    public required int KvHeads { get; init; }

    /// <value>Length of a head's vectors. Even, because rotation works on halves.</value>
    public required int HeadDimension { get; init; }

    /// <value>Length of the gated layer inside a block.</value>
    public required int Intermediate { get; init; }

    public required int Vocabulary { get; init; }

    /// <value>Maximum number of tokens in a sequence.</value>
    public required int Context { get; init; }

    public float RmsEpsilon { get; init; } = 1e-5f;

    public double RopeTheta { get; init; } = 10_000;

    /// <value>Whether the output layer is the embedding's transpose.</value>
    public bool TieEmbeddings { get; init; } = true;

    public int BosId { get; init; } = 1;

    /// <value>Ids that end a text. The first one is the tokenizer's own end token.</value>
    public IReadOnlyList<int> EosIds { get; init; } = [2];

    public int PadId { get; init; }

    /// <value>Number of the model's parameters.</value>
    public long Parameters =>
        ((TieEmbeddings ? 1L : 2L) * Vocabulary * Hidden) + Hidden
        + (Layers * ((2L * Hidden * Heads * HeadDimension) + (2L * Hidden * KvHeads * HeadDimension) + (3L * Hidden * Intermediate) + (2L * Hidden)));

    /// <summary>All mistakes in the dimensions, each with its value and the broken rule; empty if there are none.</summary>
    public IReadOnlyList<string> Mistakes()
    {
        var mistakes = new List<string>();
        Positive("layers", Layers);
        Positive("hidden", Hidden);
        Positive("heads", Heads);
        Positive("kv-heads", KvHeads);
        Positive("intermediate", Intermediate);
        Positive("vocabulary", Vocabulary);
        Positive("context", Context);
        if (mistakes.Count > 0)
            return mistakes;
        if (Heads % KvHeads != 0)
            mistakes.Add($"{Heads} heads cannot share {KvHeads} kv-heads evenly; choose kv-heads that divide heads.");
        if (HeadDimension <= 0 || HeadDimension % 2 != 0)
            mistakes.Add($"A head dimension of {HeadDimension} (hidden {Hidden}, heads {Heads}) is not an even number above 0; choose hidden as a multiple of twice heads.");
        return mistakes;

        void Positive(string what, int value)
        {
            if (value < 1)
                mistakes.Add($"{what} {value} is below 1; choose a positive number.");
        }
    }
}
