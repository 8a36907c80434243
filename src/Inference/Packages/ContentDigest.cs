using System.Security.Cryptography;
using System.Text;

namespace Meridian.Inference.Packages;

/// <summary>Computes a name for a package's content, so that two packages of the same version hold the same bytes.</summary>
public static class ContentDigest
{
    /// <summary>
    /// The first 8 hexadecimal digits of a SHA-256. It is computed over one line per file, sorted by path: SHA-256, two spaces, path, line feed (the format of
    /// sha256sum).
    /// </summary>
    public static string Of(IEnumerable<ModelFile> files)
    {
        var text = new StringBuilder();
        foreach (var file in files.OrderBy(f => f.Path, StringComparer.Ordinal))
            text.Append(file.Sha256).Append("  ").Append(file.Path).Append('\n');
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())))[..8];
    }

    /// <summary>Size and SHA-256 of a file on disk.</summary>
    /// <param name="directory">The package's directory.</param>
    /// <param name="path">Path relative to the directory, with <c>/</c>.</param>
    public static async Task<ModelFile> DescribeAsync(string directory, string path, CancellationToken cancellationToken)
    {
        var stream = new FileStream(
            Path.Combine(directory, path.Replace('/', Path.DirectorySeparatorChar)),
            FileMode.Open,
            FileAccess.Read,
            FileShare.Read,
            bufferSize: 1 << 20,
            FileOptions.SequentialScan);
        await using (stream.ConfigureAwait(false))
        {
            var hash = await SHA256.HashDataAsync(stream, cancellationToken).ConfigureAwait(false);
            return new ModelFile(path, stream.Length, Convert.ToHexStringLower(hash));
        }
    }
}
