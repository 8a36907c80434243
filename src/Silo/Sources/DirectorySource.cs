using System.Text.Json;
using Meridian.Inference.Packages;

namespace Meridian.Silo.Sources;

/// <summary>A model package in a directory: elsewhere on the disk, or on a mounted share.</summary>
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

    /// <summary>The kind of the model in a package's directory, or null if its manifest cannot be read. The installation reports that error.</summary>
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
