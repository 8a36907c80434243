using System.Security.Cryptography;

namespace Meridian.Inference.Packages;

/// <summary>A model on disk: a directory with a manifest. Opening it checks the manifest, loading it checks the files.</summary>
/// <param name="Directory">Absolute path.</param>
/// <param name="Manifest">Its <c>manifest.json</c>.</param>
public sealed record ModelPackage(string Directory, ModelManifest Manifest)
{
    /// <summary>
    /// Reads a file once and verifies size and SHA-256 of exactly the bytes it returns, so that what is loaded is what was checked.
    /// </summary>
    /// <param name="path">A path of the manifest's <see cref="ModelManifest.Files"/>.</param>
    /// <exception cref="ModelPackageException">The file is not in the manifest, missing, unreadable, or differs from what was installed.</exception>
    public byte[] ReadFile(string path)
    {
        var file = Array.Find(Manifest.Files, f => f.Path == path)
            ?? throw new ModelPackageException(path, $"Model {Manifest.Id} has no file '{path}' in its manifest '{Path.Combine(Directory, "manifest.json")}'. {Remedy}");
        var location = Path.Combine(Directory, file.Path.Replace('/', Path.DirectorySeparatorChar));
        byte[] bytes;
        try
        {
            using var handle = File.OpenHandle(location, FileMode.Open, FileAccess.Read, FileShare.Read, FileOptions.SequentialScan);
            var length = RandomAccess.GetLength(handle);
            if (length != file.Size)
            {
                throw new ModelPackageException(
                    location, $"Model {Manifest.Id}: '{location}' has {length} bytes, its manifest says {file.Size}. {Remedy}");
            }

            if (length > Array.MaxLength)
            {
                throw new ModelPackageException(
                    location, $"Model {Manifest.Id}: '{location}' has {length} bytes; one file may have {Array.MaxLength}. Export the graph with external data or split it.");
            }

            bytes = GC.AllocateUninitializedArray<byte>((int)length);
            var read = 0;
            while (read < bytes.Length)
            {
                var n = RandomAccess.Read(handle, bytes.AsSpan(read), read);
                if (n == 0)
                {
                    throw new ModelPackageException(location, $"Model {Manifest.Id}: '{location}' ended after {read} of {length} bytes while it was read. {Remedy}");
                }

                read += n;
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

        var found = Convert.ToHexStringLower(SHA256.HashData(bytes));
        return found == file.Sha256
            ? bytes
            : throw new ModelPackageException(
                location, $"Model {Manifest.Id}: '{location}' has SHA-256 {found}, its manifest says {file.Sha256}: the file was altered or the disk is failing. {Remedy}");
    }

    private string Remedy => $"Delete '{Directory}' and start again: the package is then installed anew from its source.";
}
