namespace Meridian.Inference.Packages;

/// <summary>Checks relative paths, with <c>/</c>, that a file or a command names.</summary>
public static class RelativePath
{
    /// <summary>Whether a path stays inside the folder that it is relative to, on every platform.</summary>
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
