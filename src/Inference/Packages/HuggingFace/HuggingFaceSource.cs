using System.Buffers;
using System.Security.Cryptography;
using Meridian.Inference.Decoders;
using Meridian.Inference.Decoders.Contract;
using Meridian.Inference.Tokenization;

namespace Meridian.Inference.Packages.HuggingFace;

/// <summary>
/// A generative model in a folder as Hugging Face and Optimum lay it out: <c>config.json</c>, <c>tokenizer.json</c>, <c>onnx/model.onnx</c> or <c>model.onnx</c>
/// with external data beside it, and what else there is of configuration. Nothing is copied before graph, configuration and tokenizer are found to fit each other.
/// </summary>
public sealed class HuggingFaceSource : IModelSource
{
    /// <value>Kind of the packages.</value>
    public const string Kind = "generation";

    private const int BufferSize = 1 << 20;
    private readonly string _directory;
    private readonly string? _graph;
    private readonly string _label;
    private readonly Lazy<(HuggingFaceFolder Folder, ModelFile[] Files)> _content;

    /// <param name="name">Name the model is installed under.</param>
    /// <param name="directory">The folder.</param>
    /// <param name="graph">Path of the graph in it, for folders with several; null for the usual place.</param>
    /// <param name="label">Begins the version; the digest of the content follows.</param>
    public HuggingFaceSource(string name, string directory, string? graph = null, string label = "v1")
    {
        (Name, _directory, _graph, _label) = (name, directory, graph, label);
        _content = new Lazy<(HuggingFaceFolder, ModelFile[])>(Describe);
    }

    public string Name { get; }

    /// <value>Told how far the work is.</value>
    public IProgress<ImportProgress>? Progress { get; init; }

    /// <value>The version; the first call reads all files. It throws what <see cref="Check"/> does where the folder is incomplete.</value>
    public string KnownVersion => $"{_label}@{ContentDigest.Of(_content.Value.Files)}";

    string? IModelSource.KnownVersion => KnownVersion;

    /// <summary>Whether a directory looks like such a folder: it has a <c>config.json</c>.</summary>
    public static bool Recognizes(string directory) => HuggingFaceFolder.Is(directory);

    /// <summary>Reads the folder and checks that its parts are sound and fit each other.</summary>
    /// <returns>The folder, where it is, as a package.</returns>
    /// <exception cref="ModelPackageException">A file is missing or damaged, graph and configuration disagree, or the tokenizer has ids that the graph does not take.</exception>
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
    /// <exception cref="ModelPackageException">As <see cref="Check"/> says; then nothing is written.</exception>
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

    // Caches of downloads are made of links: a link's own length is not the file's.
    private static long Size(string root, string path)
    {
        using var file = FolderFiles.Open(root, path);
        return file.Length;
    }
}
