using System.Text.Json;
using Meridian.Inference.Packages;

namespace Meridian.Silo.Sources;

/// <summary>A model package in a directory: somewhere else on the disk, or on a mounted share.</summary>
public sealed class DirectorySource(string name, string root) : IModelSource
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { AllowTrailingCommas = true, ReadCommentHandling = JsonCommentHandling.Skip };

    private const int BufferSize = 1 << 20;

    private readonly ModelManifest _manifest = Read(name, root);

    public string Name => name;

    public string? KnownVersion => _manifest.Version;

    public async Task<ModelManifest> WriteAsync(string directory, CancellationToken cancellationToken)
    {
        var buffer = new byte[BufferSize];
        foreach (var file in _manifest.Files)
        {
            await FolderFiles.CopyAsync(root, file.Path, directory, buffer, copied: null, cancellationToken);
        }

        return _manifest;
    }

    /// <summary>What the model in a package's directory does, or null where its manifest cannot be read: that is said when it is installed.</summary>
    public static string? KindOf(string directory)
    {
        try
        {
            return JsonSerializer.Deserialize<ModelManifest>(File.ReadAllBytes(FolderFiles.Resolve(directory, ModelManifestRules.FileName)), Json)?.Kind;
        }
        catch (Exception e) when (e is IOException or JsonException or UnauthorizedAccessException or ModelPackageException)
        {
            return null;
        }
    }

    private static ModelManifest Read(string name, string directory)
    {
        var path = Path.Combine(directory, ModelManifestRules.FileName);
        try
        {
            var manifest = JsonSerializer.Deserialize<ModelManifest>(File.ReadAllBytes(FolderFiles.Resolve(directory, ModelManifestRules.FileName)), Json)
                           ?? throw new ModelPackageException(path, $"'{path}' is empty.");
            ModelManifestRules.Refuse(manifest, path);
            return manifest.Name == name
                ? manifest
                : throw new ModelPackageException(path, $"'{path}' describes the model '{manifest.Name}', but the configuration expects '{name}' there.");
        }
        catch (Exception e) when (e is IOException or JsonException or UnauthorizedAccessException)
        {
            throw new ModelPackageException(path, $"'{path}' is no readable model manifest: {e.Message}", e);
        }
    }
}
