using System.Buffers.Binary;
using Meridian.Federation.Edge;
using Meridian.Federation.Regions;
using Meridian.Messages;

namespace Meridian.Gateway.Tests.Hosting;

/// <summary>An edge that answers as the test says; by default one small vector an item.</summary>
public sealed class EdgeDouble : IEdge
{
    public const string Version = "v2@9f3c1a20";

    public Func<InferRequest, CancellationToken, Task<EdgeAnswer>> Respond { get; set; } = (request, _) => Task.FromResult(Embed(request, 4));

    /// <value>By default a story; from the model <c>lost</c> its region is lost after three frames.</value>
    public Func<InferRequest, CancellationToken, Task<EdgeOpening>> Open { get; set; } = (request, _) => Task.FromResult(Tell(request));

    public InferRequest? Last { get; private set; }

    public GenerationInput LastGeneration => (GenerationInput)Last!.Input;

    public EmbeddingInput LastInput => (EmbeddingInput)Last!.Input;

    public Task<EdgeAnswer> InferAsync(InferRequest request, CancellationToken cancellationToken)
    {
        Last = request;
        return Respond(request, cancellationToken);
    }

    public Task<EdgeOpening> OpenAsync(InferRequest request, CancellationToken cancellationToken)
    {
        Last = request;
        return Open(request, cancellationToken);
    }

    /// <summary>Answers every opening with the stream.</summary>
    public void Script(IRegionStream stream) => Open = (_, _) => Task.FromResult(new EdgeOpening(stream, null, "eastus", 1));

    public static StreamHead Head(int prompts, string model = "story", string[]? texts = null) => new()
    {
        Region = "eastus",
        Model = model,
        Version = Version,
        Variant = "fp32",
        Stream = new Guid(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11),
        PromptIds = [.. Enumerable.Range(0, prompts).Select(_ => new[] { 1, 2, 3 })],
        PromptTexts = texts,
        CachedTokens = 2,
    };

    public static EdgeOpening Tell(InferRequest request)
    {
        if (request.Model is not ("story" or "lost"))
        {
            return new EdgeOpening(null, new Refusal { Code = RefusalCode.ModelNotFound, Message = $"The model '{request.Model}' does not exist.", Param = "model" }, null, 0);
        }

        var input = (GenerationInput)request.Input;
        var head = Head(input.Prompts.Length, request.Model, input.Echo ? [.. input.Prompts.Select(prompt => prompt.Text ?? "ids")] : null);
        return new EdgeOpening(new StoryStream(head, input, request.Model == "lost" ? 3 : int.MaxValue), null, "eastus", 1);
    }

    /// <summary>Component j of vector i is (i + 1) / (j + 3).</summary>
    public static float Component(int row, int dimension) => (row + 1) / (dimension + 3f);

    public static EdgeAnswer Embed(InferRequest request, int dimensions)
    {
        var input = (EmbeddingInput)request.Input;
        dimensions = input.Dimensions ?? dimensions;
        var vectors = new byte[input.Count * dimensions * sizeof(float)];
        for (var i = 0; i < input.Count * dimensions; i++)
        {
            BinaryPrimitives.WriteSingleLittleEndian(vectors.AsSpan(i * sizeof(float)), Component(i / dimensions, i % dimensions));
        }

        var output = new EmbeddingOutput { Rows = input.Count, Dimensions = dimensions, Vectors = vectors, PromptTokens = 3 * input.Count };
        return new EdgeAnswer(InferReply.Of(new InferResult { Region = "eastus", Model = request.Model, Version = Version, Variant = "fp32", Output = output }), "eastus", 1);
    }

    public static EdgeAnswer Refuse(RefusalCode code, string message, string? param = null, int retryAfterMs = 0) =>
        new(InferReply.Refuse(code, message, param, retryAfterMs), null, 2);
}
