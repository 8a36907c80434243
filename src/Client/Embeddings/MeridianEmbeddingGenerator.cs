using System.Text.Json;
using Meridian.Client.Regions;
using Meridian.Errors;
using Meridian.Messages;
using Microsoft.Extensions.AI;

namespace Meridian.Client.Embeddings;

/// <summary>
/// Embedding generator for Microsoft.Extensions.AI. An input with more than <see cref="MeridianClientOptions.MaxItemsPerRequest"/> items is sent in several
/// requests. The later requests ask for the version and variant of the first answer, because vectors of different versions cannot be compared.
///
/// <para>Options: <c>ModelId</c>, <c>Dimensions</c>, and in <c>AdditionalProperties</c> <c>truncate</c> (bool). It cuts texts that exceed the model's limit
/// instead of refusing them.</para>
///
/// <para>The result's <c>AdditionalProperties</c>: <c>region</c> (several are joined by a comma), <c>version</c>, <c>variant</c>.</para>
/// </summary>
internal sealed class MeridianEmbeddingGenerator(IMeridianClient client, RegionPool pool, TimeProvider time) : IEmbeddingGenerator<string, Embedding<float>>
{
    /// <summary>
    /// Number of parallel requests for one large input. The second request keeps the engine busy while the answer of the first one travels.
    /// </summary>
    private const int Together = 2;

    private readonly MeridianClientOptions _options = pool.Options;
    private readonly EmbeddingGeneratorMetadata _metadata = new("meridian", defaultModelId: pool.Options.DefaultModel);

    /// <exception cref="ArgumentException">A text is null, or <c>truncate</c> is not a bool.</exception>
    /// <exception cref="MeridianException">The request was refused. No partial result is returned.</exception>
    public async Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(
        IEnumerable<string> values,
        EmbeddingGenerationOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(values);
        string[] texts = [.. values];
        for (var i = 0; i < texts.Length; i++)
        {
            if (texts[i] is null)
                throw new ArgumentException($"values[{i}] is null.", nameof(values));
        }

        var template = new EmbeddingInput { Dimensions = options?.Dimensions, Truncate = ReadTruncate(options) };
        var model = options?.ModelId ?? _options.DefaultModel;
        if (texts.Length == 0)
            return new GeneratedEmbeddings<Embedding<float>> { Usage = new UsageDetails { InputTokenCount = 0, TotalTokenCount = 0 } };

        var chunks = (texts.Length + _options.MaxItemsPerRequest - 1) / _options.MaxItemsPerRequest;
        var answers = new InferResult[chunks];
        answers[0] = await SendAsync(0, null, cancellationToken).ConfigureAwait(false);
        if (chunks > 1)
        {
            await Parallel.ForAsync(
                1,
                chunks,
                new ParallelOptions { MaxDegreeOfParallelism = Together, CancellationToken = cancellationToken },
                async (chunk, token) => answers[chunk] = await SendAsync(chunk, answers[0], token).ConfigureAwait(false)).ConfigureAwait(false);
        }

        return Assemble(texts.Length, answers);

        Task<InferResult> SendAsync(int chunk, InferResult? pinned, CancellationToken token)
        {
            var from = chunk * _options.MaxItemsPerRequest;
            var to = Math.Min(texts.Length, from + _options.MaxItemsPerRequest);
            return client.InferAsync(
                new InferRequest
                {
                    RequestId = "",
                    Model = model,
                    Version = pinned?.Version,
                    Variant = pinned?.Variant,
                    Tenant = _options.Tenant,
                    RemainingMs = 0,
                    Input = template with { Texts = chunks == 1 ? texts : texts[from..to] },
                },
                token);
        }
    }

    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        return serviceKey is not null ? null
            : serviceType == typeof(EmbeddingGeneratorMetadata) ? _metadata
            : serviceType.IsInstanceOfType(this) ? this
            : serviceType.IsInstanceOfType(client) ? client
            : null;
    }

    public void Dispose()
    {
        // The service container owns the connections.
    }

    private GeneratedEmbeddings<Embedding<float>> Assemble(int count, InferResult[] answers)
    {
        var embeddings = new GeneratedEmbeddings<Embedding<float>>(count);
        var createdAt = time.GetUtcNow();
        long tokens = 0;
        var regions = answers[0].Region;
        for (var chunk = 0; chunk < answers.Length; chunk++)
        {
            var answer = answers[chunk];
            if (answer.Output is not EmbeddingOutput output)
            {
                throw new MeridianException(new Refusal
                {
                    Code = RefusalCode.InvalidInput,
                    Message = $"Model '{answer.Model}' does not embed: it answered with {answer.Output?.GetType().Name ?? "nothing"}.",
                    Param = "model",
                });
            }

            EmbeddingVectors.Read(
                output,
                Math.Min(_options.MaxItemsPerRequest, count - (chunk * _options.MaxItemsPerRequest)),
                (_, vector) => embeddings.Add(new Embedding<float>(vector) { ModelId = answer.Model, CreatedAt = createdAt }));
            tokens += output.PromptTokens;
            if (Array.IndexOf(regions.Split(','), answer.Region) < 0)
                regions = $"{regions},{answer.Region}";
        }

        embeddings.Usage = new UsageDetails { InputTokenCount = tokens, TotalTokenCount = tokens };
        embeddings.AdditionalProperties = new AdditionalPropertiesDictionary
        {
            ["region"] = regions,
            ["version"] = answers[0].Version,
            ["variant"] = answers[0].Variant,
        };
        return embeddings;
    }

    private static bool ReadTruncate(EmbeddingGenerationOptions? options)
    {
        if (options?.AdditionalProperties is not { } properties || !properties.TryGetValue("truncate", out var value) || value is null)
            return false;
        return value switch
        {
            bool truncate => truncate,
            // Options that came from JSON contain JsonElement values.
            JsonElement { ValueKind: JsonValueKind.True } => true,
            JsonElement { ValueKind: JsonValueKind.False } => false,
            _ => throw new ArgumentException($"AdditionalProperties[\"truncate\"] is '{value}': must be true or false.", nameof(options)),
        };
    }
}
