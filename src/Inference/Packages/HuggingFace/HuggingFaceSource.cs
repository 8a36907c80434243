using System.Buffers;
using System.Security.Cryptography;
using Meridian.Inference.Decoders;
using Meridian.Inference.Decoders.Contract;
using Meridian.Inference.Tokenization;

namespace Meridian.Inference.Packages.HuggingFace;

/// <summary>
/// A generative model in a folder with the layout of Hugging Face and Optimum: <c>config.json</c>, <c>tokenizer.json</c>, <c>onnx/model.onnx</c> or
/// <c>model.onnx</c> with external data beside it, and optional configuration files. Files are copied only after graph, configuration and tokenizer were found
/// to fit each other.
/// </summary>
public sealed class HuggingFaceSource : IModelSource
{
    /// <value>Kind of the packages that this source makes.</value>
    public const string Kind = "generation";

    private const int BufferSize = 1 << 20;
    private readonly string _directory;
    private readonly string? _graph;
    private readonly string _label;
    private readonly Lazy<(HuggingFaceFolder Folder, ModelFile[] Files)> _content;

    /// <param name="name">Name under which the model is installed.</param>
    /// <param name="directory">The folder.</param>
    /// <param name="graph">Path of the graph in the folder, if it has several graphs; null for the usual path.</param>
    /// <param name="label">First part of the version. The digest of the content follows.</param>
    public HuggingFaceSource(string name, string directory, string? graph = null, string label = "v1")
    {
        (Name, _directory, _graph, _label) = (name, directory, graph, label);
        _content = new Lazy<(HuggingFaceFolder, ModelFile[])>(Describe);
    }

    public string Name { get; }

    /// <value>Receives the progress of the import.</value>
    public IProgress<ImportProgress>? Progress { get; init; }

    /// <value>The version. The first call reads all files. If the folder is incomplete it throws the same exceptions as <see cref="Check"/>.</value>
    public string KnownVersion => $"{_label}@{ContentDigest.Of(_content.Value.Files)}";

    string? IModelSource.KnownVersion => KnownVersion;

    /// <summary>Whether a directory looks like a model folder, that is, has a <c>config.json</c>.</summary>
    public static bool Recognizes(string directory) => HuggingFaceFolder.Is(directory);

    /// <summary>Reads the folder and checks that its parts are undamaged and fit each other.</summary>
    /// <returns>A package whose directory is the folder itself.</returns>
    /// <exception cref="ModelPackageException">
    /// A file is missing or damaged, graph and configuration disagree, or the tokenizer has ids that the graph does not accept.
    /// </exception>
    public ModelPackage Check()
    {
        var (folder, files) = _content.Value;
        var total = files.Sum(file => file.Size);
        Progress?.Report(new ImportProgress(ImportStage.Checking, 0, total));
        var package = new ModelPackage(folder.Root, new ModelManifest
        {
            Name = Name,
            Version = KnownVersion,
            Variant = "fp32",
            Kind = Kind,
            OwnedBy = folder.Owner() ?? "local",
            License = folder.License(),
            Files = files,
            Graph = folder.Graph,
            Tokenizer = HuggingFaceFolder.Tokenizer,
        });
        var shape = DecoderCheck.Run(package);
        package = package with { Manifest = package.Manifest with { MaxTokens = shape.ContextLength, Variant = Variant(folder.Operators, shape) } };
        using (var tokenizer = GenerationTokenizer.Load(package))
        {
            if (tokenizer.VocabularySize > shape.Vocabulary)
            {
                var path = Path.Combine(folder.Root, HuggingFaceFolder.Tokenizer);
                throw new ModelPackageException(
                    path,
                    $"Tokenizer '{path}' has ids up to {tokenizer.VocabularySize - 1}, but the graph takes {shape.Vocabulary} tokens, ids up to {shape.Vocabulary - 1}: they belong to different models. Take the tokenizer.json that was published with the graph.");
            }
        }

        Progress?.Report(new ImportProgress(ImportStage.Checking, total, total));
        return package;
    }

    /// <inheritdoc />
    /// <exception cref="ModelPackageException">See <see cref="Check"/>. In that case nothing is written.</exception>
    public async Task<ModelManifest> WriteAsync(string directory, CancellationToken cancellationToken)
    {
        var manifest = Check().Manifest;
        ModelManifestRules.Refuse(manifest, _directory);
        var (folder, files) = _content.Value;
        var total = files.Sum(file => file.Size);
        long done = 0;
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            foreach (var file in files)
            {
                await FolderFiles.CopyAsync(folder.Root, file.Path, directory, buffer, Copied, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return manifest;

        void Copied(int bytes)
        {
            done += bytes;
            Progress?.Report(new ImportProgress(ImportStage.Copying, done, total));
        }
    }

    private (HuggingFaceFolder Folder, ModelFile[] Files) Describe()
    {
        try
        {
            var folder = HuggingFaceFolder.Open(_directory, _graph);
            var total = folder.Files.Sum(path => Size(folder.Root, path));
            long done = 0;
            var files = new ModelFile[folder.Files.Count];
            var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
            for (var i = 0; i < files.Length; i++)
            {
                using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
                using var file = FolderFiles.Open(folder.Root, folder.Files[i]);
                var before = done;
                for (int n; (n = file.Read(buffer)) > 0;)
                {
                    hash.AppendData(buffer, 0, n);
                    done += n;
                    Progress?.Report(new ImportProgress(ImportStage.Hashing, done, total));
                }

                files[i] = new ModelFile(folder.Files[i], done - before, Convert.ToHexStringLower(hash.GetHashAndReset()));
            }

            ArrayPool<byte>.Shared.Return(buffer);
            return (folder, files);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelPackageException(_directory, $"'{_directory}' cannot be read: {e.Message} Check the folder and its permissions.", e);
        }
    }

    private static string Variant(IReadOnlyDictionary<string, int> operators, DecoderShape shape) =>
        operators.ContainsKey("com.microsoft.MatMulNBits") ? "int4"
        : operators.ContainsKey("MatMulInteger") || operators.ContainsKey("com.microsoft.DynamicQuantizeMatMul") || operators.ContainsKey("QLinearMatMul") ? "int8"
        : shape.ElementSize == sizeof(float) ? "fp32" : "fp16";

    // Download caches consist of links, and the length of a link is not the length of its file. So the file is opened.
    private static long Size(string root, string path)
    {
        using var file = FolderFiles.Open(root, path);
        return file.Length;
    }
}
