using System.Text.Json.Serialization;

namespace Meridian.Inference.Packages;

/// <summary><c>manifest.json</c> of a model package.</summary>
public sealed record ModelManifest
{
    /// <value>Name that callers use; letters, digits, <c>.</c>, <c>_</c>, <c>-</c>.</value>
    public required string Name { get; init; }

    /// <value>Label and content digest, for example <c>v2@9f3c1a20</c>: two packages of one version hold the same bytes.</value>
    public required string Version { get; init; }

    /// <value>Precision, for example <c>fp32</c>.</value>
    public required string Variant { get; init; }

    /// <value>What the model does: <c>embedding</c>, <c>generation</c>.</value>
    public required string Kind { get; init; }

    public required string OwnedBy { get; init; }

    public string? License { get; init; }

    /// <value>When the model was published, unix seconds.</value>
    public long Created { get; init; }

    /// <value>Every file of the package but the manifest.</value>
    public required ModelFile[] Files { get; init; }

    /// <value>Path of the ONNX graph inside the package.</value>
    public required string Graph { get; init; }

    /// <value>Path of the Hugging Face <c>tokenizer.json</c> inside the package, or null for a model without text.</value>
    public string? Tokenizer { get; init; }

    /// <value>Most tokens an item may have, special tokens included; 0 where that has no meaning.</value>
    public int MaxTokens { get; init; }

    /// <value>Length of an output vector; 0 where that has no meaning.</value>
    public int Dimensions { get; init; }

    /// <value>How token vectors become one: <c>mean</c>.</value>
    public string? Pooling { get; init; }

    /// <value>Whether vectors are L2-normalised.</value>
    public bool Normalize { get; init; }

    [JsonIgnore]
    public string Id => $"{Name}/{Version}/{Variant}";
}
