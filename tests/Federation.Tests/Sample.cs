using Meridian.Messages;
using Meridian.Routing.Snapshots;

namespace Meridian.Federation.Tests;

/// <summary>Messages of ordinary content.</summary>
internal static class Sample
{
    public static InferRequest Request(string model = "minilm", string[]? residency = null, int remainingMs = 30_000) => new()
    {
        RequestId = Guid.NewGuid().ToString("N"),
        Model = model,
        RemainingMs = remainingMs,
        Residency = residency,
        Input = new EmbeddingInput { Texts = ["a sentence"] },
    };

    public static InferRequest Generation(string model = "minilm", int remainingMs = 30_000) => Request(model, remainingMs: remainingMs) with
    {
        Input = new GenerationInput { Prompts = [new PromptInput { Text = "Once" }], Sampling = new SamplingInput { Seed = 1 } },
    };

    public static StreamHead Head(string region) => new()
    {
        Region = region,
        Model = "minilm",
        Version = "v1@0",
        Variant = "fp32",
        Shard = "minilm/v1@0/fp32/0/0",
        Stream = Guid.NewGuid(),
        PromptIds = [[1, 2]],
    };

    /// <param name="from">Tokens that the choice had before the stream: those of a resume.</param>
    public static StreamFrame Frame(long offset, long next, bool end = false, string text = "x", int from = 0) => new()
    {
        Offset = offset,
        Next = next,
        End = end,
        Groups =
        [
            new TokenGroup
            {
                Choice = 0,
                Position = from + (int)offset,
                TokenIds = [.. Enumerable.Range(from + (int)offset, (int)(next - offset))],
                Text = text,
                Finish = end ? FinishReason.Length : null,
            },
        ],
    };

    public static InferReply Result(string region, InferRequest request) => InferReply.Of(new InferResult
    {
        Region = region,
        Model = request.Model,
        Version = "v1@0",
        Variant = "fp32",
        Output = new EmbeddingOutput { Rows = 1, Dimensions = 2, Vectors = new byte[8], PromptTokens = 4 },
    });

    public static ModelStatus Model(int ready = 1, int queued = 0, int capacity = 100, float serviceMs = 2) => new()
    {
        Model = "minilm",
        Version = "v1@0",
        Variant = "fp32",
        DesiredReplicas = 1,
        ReadyReplicas = ready,
        Queued = queued,
        QueueCapacity = capacity,
        ServiceMs = serviceMs,
    };

    public static RegionStatus Status(string region, long incarnation = 1, params ModelStatus[] models) =>
        new() { Region = region, Incarnation = incarnation, Models = models.Length > 0 ? models : [Model()] };

    public static Intent Intent(params (string Name, string Jurisdiction)[] regions) => new()
    {
        Epoch = 1,
        Regions = [.. regions.Select((r, i) => new RegionMember { Name = r.Name, Jurisdiction = r.Jurisdiction, Protocol = new Uri($"http://127.0.0.1:{10_000 + i}") })],
        Models = [new ModelDeclaration { Name = "minilm", Kind = "embedding", OwnedBy = "test" }],
    };
}
