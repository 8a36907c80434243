using System.Buffers;
using System.Security.Cryptography;

namespace Meridian.Inference.Packages;

/// <summary>A model on disk: a directory with a manifest. Opening a package checks its manifest; loading it checks its files.</summary>
/// <param name="Directory">Absolute path.</param>
/// <param name="Manifest">Content of <c>manifest.json</c>.</param>
public sealed record ModelPackage(string Directory, ModelManifest Manifest)
{
    private const int BufferSize = 1 << 20;

    /// <summary>SHA-256 of the package's <c>manifest.json</c>, 64 lower-case hexadecimal digits. It names the package in the intent log.</summary>
    /// <exception cref="ModelPackageException">The manifest cannot be read.</exception>
    public string ManifestDigest()
    {
        var path = Path.Combine(Directory, ModelManifestRules.FileName);
        try
        {
            using var manifest = FolderFiles.Open(Directory, ModelManifestRules.FileName);
            return Convert.ToHexStringLower(SHA256.HashData(manifest));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelPackageException(path, $"Manifest '{path}' cannot be read: {e.Message} Check the disk and the file's permissions.", e);
        }
    }

    private string Remedy => RemedyFor(Directory);

    /// <summary>The advice for a damaged package in a directory.</summary>
    internal static string RemedyFor(string directory) => $"Delete '{directory}' and start again: the package is then installed anew from its source.";

    /// <summary>
    /// Reads a file once and verifies size and SHA-256 of the same bytes that it returns. So the bytes that are loaded are the bytes that were checked.
    /// </summary>
    /// <param name="path">A path of the manifest's <see cref="ModelManifest.Files"/>.</param>
    /// <exception cref="ModelPackageException">The file is not in the manifest, is missing or unreadable, or differs from the installed file.</exception>
    public byte[] ReadFile(string path)
    {
        var file = Entry(path);
        if (file.Size > Array.MaxLength)
        {
            throw new ModelPackageException(
                path, $"Model {Manifest.Id}: '{path}' has {file.Size} bytes; a file that is loaded whole may have {Array.MaxLength}. Export the graph with external data or split it.");
        }

        var bytes = GC.AllocateUninitializedArray<byte>((int)file.Size);
        Check(file, bytes, wanted: true);
        return bytes;
    }

    /// <summary>Verifies a file without keeping its bytes, for a file that is not loaded through <see cref="ReadFile"/>.</summary>
    /// <inheritdoc cref="ReadFile"/>
    public void VerifyFile(string path)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            Check(Entry(path), buffer, wanted: false);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Verifies the files that hold the graph's weights. ONNX Runtime opens these files itself, under the names that the graph gives.</summary>
    /// <param name="files">Paths as the graph names them, relative to the graph's folder.</param>
    /// <exception cref="ModelPackageException">A name leads out of the graph's folder. See also <see cref="ReadFile"/>.</exception>
    public void VerifyExternal(IEnumerable<string> files)
    {
        ArgumentNullException.ThrowIfNull(files);
        var slash = Manifest.Graph.LastIndexOf('/');
        foreach (var file in files)
        {
            // The manifest's paths were checked to lie inside the package. The graph's paths were not, and ONNX Runtime would follow them.
            if (!RelativePath.StaysInside(file))
            {
                var path = Path.Combine(Directory, Manifest.Graph);
                throw new ModelPackageException(path, $"'{path}' keeps weights in '{file}'; they must lie beside or below the graph. Save it again with external data in the same folder.");
            }

            VerifyFile(slash < 0 ? file : $"{Manifest.Graph[..slash]}/{file}");
        }
    }

    private ModelFile Entry(string path) =>
        Array.Find(Manifest.Files, f => f.Path == path)
        ?? throw new ModelPackageException(
            path, $"Model {Manifest.Id} has no file '{path}' in its manifest '{Path.Combine(Directory, ModelManifestRules.FileName)}'. {Remedy}");

    private void Check(ModelFile file, byte[] buffer, bool wanted)
    {
        var location = Path.Combine(Directory, file.Path.Replace('/', Path.DirectorySeparatorChar));
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        try
        {
            using var handle = File.OpenHandle(FolderFiles.Resolve(Directory, file.Path), FileMode.Open, FileAccess.Read, FileShare.Read, FileOptions.SequentialScan);
            var length = RandomAccess.GetLength(handle);
            if (length != file.Size)
                throw new ModelPackageException(location, $"Model {Manifest.Id}: '{location}' has {length} bytes, its manifest says {file.Size}. {Remedy}");
            for (long at = 0; at < length;)
            {
                var target = buffer.AsSpan(wanted ? (int)at : 0);
                var read = RandomAccess.Read(handle, target[..Math.Min(target.Length, BufferSize)], at);
                if (read == 0)
                    throw new ModelPackageException(location, $"Model {Manifest.Id}: '{location}' ended after {at} of {length} bytes while it was read. {Remedy}");
                hash.AppendData(target[..read]);
                at += read;
            }
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ModelPackageException(location, $"Model {Manifest.Id}: '{location}' is missing. {Remedy}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelPackageException(location, $"Model {Manifest.Id}: '{location}' cannot be read: {e.Message} Check the disk and the file's permissions.", e);
        }

        var found = Convert.ToHexStringLower(hash.GetHashAndReset());
        if (found != file.Sha256)
        {
            throw new ModelPackageException(
                location, $"Model {Manifest.Id}: '{location}' has SHA-256 {found}, its manifest says {file.Sha256}: the file was altered or the disk is failing. {Remedy}");
        }
    }
}
