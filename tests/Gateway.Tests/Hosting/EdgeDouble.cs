using System.Buffers.Binary;
using Meridian.Federation.Edge;
using Meridian.Messages;

namespace Meridian.Gateway.Tests.Hosting;

/// <summary>An edge that answers as the test says; by default one small vector an item.</summary>
public sealed class EdgeDouble : IEdge
{
    public const string Version = "v2@9f3c1a20";

    public Func<InferRequest, CancellationToken, Task<EdgeAnswer>> Respond { get; set; } = (request, _) => Task.FromResult(Embed(request, 4));

    public InferRequest? Last { get; private set; }

    public EmbeddingInput LastInput => (EmbeddingInput)Last!.Input;

    public Task<EdgeAnswer> InferAsync(InferRequest request, CancellationToken cancellationToken)
    {
        Last = request;
        return Respond(request, cancellationToken);
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
