using System.Buffers;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Security.Cryptography;

namespace Meridian.Inference.Packages.MiniLm;

/// <summary>
/// Copies an embedded resource out of a .NET assembly. It reads the file's metadata (ECMA-335, II.24.2), so neither the assembly nor its dependencies are
/// loaded.
/// </summary>
internal static class AssemblyResource
{
    /// <returns>Size and SHA-256 of the bytes written.</returns>
    /// <exception cref="InvalidDataException">The file is not an assembly, or has no such resource.</exception>
    public static async Task<(long Size, string Sha256)> CopyAsync(string assembly, string resource, string target, CancellationToken cancellationToken)
    {
        var source = new FileStream(assembly, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan);
        await using (source.ConfigureAwait(false))
        {
            var (offset, length) = Locate(source, assembly, resource);
            source.Position = offset;
            var output = new FileStream(target, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
            await using (output.ConfigureAwait(false))
            {
                using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
                var buffer = ArrayPool<byte>.Shared.Rent(1 << 20);
                try
                {
                    for (var left = length; left > 0;)
                    {
                        var n = await source.ReadAsync(buffer.AsMemory(0, Math.Min(buffer.Length, left)), cancellationToken).ConfigureAwait(false);
                        if (n == 0)
                            throw new InvalidDataException($"'{assembly}' ends inside its resource '{resource}'.");
                        hash.AppendData(buffer, 0, n);
                        await output.WriteAsync(buffer.AsMemory(0, n), cancellationToken).ConfigureAwait(false);
                        left -= n;
                    }
                }
                finally
                {
                    ArrayPool<byte>.Shared.Return(buffer);
                }

                return (length, Convert.ToHexStringLower(hash.GetHashAndReset()));
            }
        }
    }

    private static (long Offset, int Length) Locate(FileStream file, string assembly, string resource)
    {
        try
        {
            using var image = new PEReader(file, PEStreamOptions.LeaveOpen);
            if (image.HasMetadata && image.PEHeaders.CorHeader is { } header && image.PEHeaders.TryGetDirectoryOffset(header.ResourcesDirectory, out var start))
            {
                var metadata = image.GetMetadataReader();
                foreach (var handle in metadata.ManifestResources)
                {
                    var entry = metadata.GetManifestResource(handle);
                    if (!entry.Implementation.IsNil || !metadata.StringComparer.Equals(entry.Name, resource))
                        continue;
                    var at = start + entry.Offset;
                    Span<byte> prefix = stackalloc byte[sizeof(int)];
                    file.Position = at;
                    file.ReadExactly(prefix);
                    var length = System.Buffers.Binary.BinaryPrimitives.ReadInt32LittleEndian(prefix);
                    return length >= 0 && at + sizeof(int) + length <= file.Length
                        ? (at + sizeof(int), length)
                        : throw new InvalidDataException($"'{assembly}' is damaged: its resource '{resource}' has {length} bytes, which the file does not hold.");
                }
            }
        }
        catch (Exception e) when (e is BadImageFormatException or EndOfStreamException)
        {
            throw new InvalidDataException($"'{assembly}' is not a sound .NET assembly: {e.Message}", e);
        }

        throw new InvalidDataException($"'{assembly}' has no resource '{resource}'.");
    }
}
