namespace Meridian.ModelTools.Output;

/// <summary>
/// A folder that appears completely or not at all. It is written under another name beside its final place and then renamed. An incomplete folder is removed.
/// </summary>
public sealed class OutputFolder : IDisposable
{
    private readonly string _target;
    private bool _done;

    private OutputFolder(string target, string path) => (_target, Path) = (target, path);

    /// <value>Folder to write to until <see cref="Complete"/>.</value>
    public string Path { get; }

    /// <exception cref="OutputRefusedException">The folder is not empty or cannot be written.</exception>
    public static OutputFolder Begin(string target)
    {
        var full = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(target));
        if (File.Exists(full) || (Directory.Exists(full) && Directory.EnumerateFileSystemEntries(full).Any()))
            throw new OutputRefusedException($"'{target}' is there already; name another folder with --out, or remove it.");
        try
        {
            var parent = System.IO.Path.GetDirectoryName(full) ?? full;
            var path = System.IO.Path.Combine(parent, $".{System.IO.Path.GetFileName(full)}.{Guid.NewGuid():n}");
            Directory.CreateDirectory(path);
            return new OutputFolder(full, path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new OutputRefusedException($"'{target}' cannot be written: {e.Message} Name another folder with --out.", e);
        }
    }

    /// <summary>Moves what was written to its place.</summary>
    public void Complete()
    {
        if (Directory.Exists(_target))
            Directory.Delete(_target);
        Directory.Move(Path, _target);
        _done = true;
    }

    public void Dispose()
    {
        if (!_done)
            Directory.Delete(Path, recursive: true);
    }
}
