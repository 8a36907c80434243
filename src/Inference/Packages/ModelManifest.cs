using System.Text.Json.Serialization;

namespace Meridian.Inference.Packages;

/// <summary><c>manifest.json</c> of a model package.</summary>
public sealed record ModelManifest
{
    /// <value>Name that callers use: letters, digits, <c>.</c>, <c>_</c>, <c>-</c>.</value>
    public required string Name { get; init; }

    /// <value>Label and content digest, for example <c>v2@9f3c1a20</c>. Two packages of the same version hold the same bytes.</value>
    public required string Version { get; init; }

    /// <value>Precision, for example <c>fp32</c>.</value>
    public required string Variant { get; init; }

    /// <value>The model's task: <c>embedding</c> or <c>generation</c>.</value>
    public required string Kind { get; init; }

    public required string OwnedBy { get; init; }

    public string? License { get; init; }

    /// <value>Time when the model was published, in Unix seconds.</value>
    public long Created { get; init; }

    /// <value>All files of the package except the manifest.</value>
    public required ModelFile[] Files { get; init; }

    /// <value>Path of the ONNX graph inside the package.</value>
    public required string Graph { get; init; }

    /// <value>Path of the Hugging Face <c>tokenizer.json</c> inside the package, or null for a model without text.</value>
    public string? Tokenizer { get; init; }

    /// <value>Maximum tokens of an item, special tokens included; 0 if the model has no such limit.</value>
    public int MaxTokens { get; init; }

    /// <value>Length of an output vector; 0 if the model has no output vectors.</value>
    public int Dimensions { get; init; }

    /// <value>How the vectors of the tokens are combined into one vector: <c>mean</c>.</value>
    public string? Pooling { get; init; }

    /// <value>Whether output vectors are L2-normalized.</value>
    public bool Normalize { get; init; }

    [JsonIgnore]
    public string Id => $"{Name}/{Version}/{Variant}";
}
