namespace Meridian.Inference.Packages;

/// <summary>
/// Reads files of a folder whose content is not trusted, for example a package or a download. Links cannot lead a read to a file outside the folder.
/// </summary>
/// <remarks>
/// A link may lead to a place inside the folder. There is one exception: a folder in the cache of the Hugging Face hub
/// (<c>models--OWNER--NAME/snapshots/REVISION</c>) consists of links into <c>blobs</c> beside <c>snapshots</c>, and these links are followed, too. The folder
/// itself may be a link, because the user who runs the command names it. The code opens the resolved path that it has checked, and never a link to it.
/// </remarks>
public static class FolderFiles
{
    private const int MostLinks = 40;
    private const int LongestPointer = 1024;

    /// <summary>Resolves the path of a file, following all links. The file need not exist.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="path">Path relative to the folder, with <c>/</c>.</param>
    /// <exception cref="ModelPackageException">The path, or a link in it, leads out of the folder.</exception>
    public static string Resolve(string folder, string path)
    {
        ArgumentNullException.ThrowIfNull(folder);
        ArgumentNullException.ThrowIfNull(path);
        if (!RelativePath.StaysInside(path))
            throw new ModelPackageException(path, $"'{path}' does not lie in '{folder}'. Give a path inside of the folder, with '/', without '.' and '..'.");
        try
        {
            var root = Follow(Path.GetFullPath(folder));
            var place = Follow(Path.Combine(root, path.Replace('/', Path.DirectorySeparatorChar)));
            if (IsInside(place, root) || (Blobs(root) is { } blobs && IsInside(place, blobs)))
                return place;
            throw new ModelPackageException(
                Path.Combine(folder, path),
                $"'{path}' of '{folder}' is a link to '{place}', which lies outside of it. Links are followed inside of the folder, and into the blobs of the Hugging Face cache that it belongs to. Put the file itself there.");
        }
        catch (IOException e)
        {
            throw new ModelPackageException(Path.Combine(folder, path), $"'{path}' of '{folder}' cannot be found: {e.Message}", e);
        }
    }

    /// <summary>Opens a file for sequential reading.</summary>
    /// <exception cref="ModelPackageException">See <see cref="Resolve"/>.</exception>
    public static FileStream Open(string folder, string path) =>
        new(Resolve(folder, path), FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan);

    public static bool Exists(string folder, string path) => File.Exists(Resolve(folder, path));

    /// <summary>Refuses a Git LFS pointer: the few lines of text that git leaves in place of a large file that was not fetched.</summary>
    /// <exception cref="ModelPackageException">The file is such a pointer. See also <see cref="Resolve"/>.</exception>
    public static void RefusePointer(string folder, string path)
    {
        Span<byte> begin = stackalloc byte[64];
        using var file = Open(folder, path);
        if (file.Length > LongestPointer)
            return;
        var read = file.ReadAtLeast(begin, begin.Length, throwOnEndOfStream: false);
        if (begin[..read].StartsWith("version https://git-lfs.github.com/spec/"u8))
        {
            throw new ModelPackageException(
                Path.Combine(folder, path), $"'{path}' of '{folder}' is a pointer of Git LFS and not the file itself. Fetch the files with 'git lfs pull' in that folder, or download the model again.");
        }
    }

    /// <summary>Copies a file. The target must not exist.</summary>
    /// <param name="from">The folder that holds the file.</param>
    /// <param name="path">The file's path in both folders.</param>
    /// <param name="to">The target folder. It belongs to this process.</param>
    /// <param name="buffer">Holds one piece of the file at a time.</param>
    /// <param name="copied">Called with the number of bytes of each piece; may be null.</param>
    /// <exception cref="ModelPackageException">See <see cref="Resolve"/>.</exception>
    public static async Task CopyAsync(string from, string path, string to, Memory<byte> buffer, Action<int>? copied, CancellationToken cancellationToken)
    {
        var source = Open(from, path);
        await using (source.ConfigureAwait(false))
        {
            var target = Resolve(to, path);
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            var copy = new FileStream(target, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
            await using (copy.ConfigureAwait(false))
            {
                for (int n; (n = await source.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0;)
                {
                    await copy.WriteAsync(buffer[..n], cancellationToken).ConfigureAwait(false);
                    copied?.Invoke(n);
                }
            }
        }
    }

    private static bool IsInside(string place, string folder) =>
        place.StartsWith(Path.EndsInDirectorySeparator(folder) ? folder : folder + Path.DirectorySeparatorChar, StringComparison.Ordinal);

    /// <summary>The <c>blobs</c> folder that the links of a snapshot in the hub's cache lead to; null for other folders.</summary>
    private static string? Blobs(string root)
    {
        for (var folder = new DirectoryInfo(root); folder.Parent is { } parent; folder = parent)
        {
            if (parent is { Name: "snapshots", Parent: { } model } && model.Name.StartsWith("models--", StringComparison.Ordinal))
                return Path.Combine(model.FullName, "blobs");
        }

        return null;
    }

    private static string Follow(string path)
    {
        var current = Path.GetPathRoot(path) ?? "";
        var rest = new Stack<string>();
        Push(path[current.Length..]);
        for (var links = 0; rest.TryPop(out var part);)
        {
            if (part is "" or ".")
                continue;
            if (part == "..")
            {
                current = Path.GetDirectoryName(current) ?? current;
                continue;
            }

            var next = Path.Combine(current, part);
            if (new FileInfo(next).LinkTarget is not { } target)
            {
                current = next;
                continue;
            }

            if (++links > MostLinks)
                throw new IOException($"'{next}' is a link that leads to links without end.");
            var root = Path.IsPathRooted(target) ? Path.GetPathRoot(target)! : "";
            if (root.Length > 0)
                current = root;
            Push(target[root.Length..]);
        }

        return current;

        void Push(string parts)
        {
            foreach (var part in parts.Split(Path.DirectorySeparatorChar).Reverse())
                rest.Push(part);
        }
    }
}
