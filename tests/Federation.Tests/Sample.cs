using Meridian.Federation.Directory;
using Meridian.Messages;

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
