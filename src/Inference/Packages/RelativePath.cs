namespace Meridian.Inference.Packages;

/// <summary>Paths that a file or a command names inside of a folder, with <c>/</c>.</summary>
public static class RelativePath
{
    /// <summary>Whether a path stays in the folder that it is relative to, whatever the platform.</summary>
    public static bool StaysInside(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (path.AsSpan().ContainsAny('\\', '\0') || Path.IsPathRooted(path))
            return false;
        foreach (var range in path.AsSpan().Split('/'))
        {
            if (path.AsSpan(range) is "" or "." or "..")
                return false;
        }

        return true;
    }
}
