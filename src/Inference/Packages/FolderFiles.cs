namespace Meridian.Inference.Packages;

/// <summary>
/// Files of a folder that somebody else has filled: a package, a download. Nothing outside of it is read, whatever its links say.
/// </summary>
/// <remarks>
/// A link may lead to a place inside the folder. A folder in the cache of the Hugging Face hub (<c>models--OWNER--NAME/snapshots/REVISION</c>) consists of links into <c>blobs</c> beside
/// <c>snapshots</c>; these are followed, too. The folder itself may be a link: its name comes from who runs the command. What is opened is the place that was checked, and no link to it.
/// </remarks>
public static class FolderFiles
{
    private const int MostLinks = 40;
    private const int LongestPointer = 1024;

    /// <summary>The place of a file, with all links followed. It need not exist.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="path">Relative, with <c>/</c>.</param>
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

    /// <summary>Opens a file for reading from its beginning to its end.</summary>
    /// <exception cref="ModelPackageException">As <see cref="Resolve"/>.</exception>
    public static FileStream Open(string folder, string path) =>
        new(Resolve(folder, path), FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan);

    public static bool Exists(string folder, string path) => File.Exists(Resolve(folder, path));

    /// <summary>Refuses the few lines that git leaves in place of a large file that was not fetched.</summary>
    /// <exception cref="ModelPackageException">The file is such a pointer; or as <see cref="Resolve"/>.</exception>
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

    /// <summary>Copies a file to a place where there is none yet.</summary>
    /// <param name="from">The folder it lies in.</param>
    /// <param name="path">Its path there, and in <paramref name="to"/>.</param>
    /// <param name="to">A folder of our own.</param>
    /// <param name="buffer">Holds a piece.</param>
    /// <param name="copied">Told the bytes of each piece; or null.</param>
    /// <param name="cancellationToken">Ends the copying.</param>
    /// <exception cref="ModelPackageException">As <see cref="Resolve"/>.</exception>
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

    /// <summary>Where the links of a snapshot in the hub's cache lead; null for other folders.</summary>
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
