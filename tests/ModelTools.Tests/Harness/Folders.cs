
namespace Meridian.ModelTools.Tests.Harness;

/// <summary>Copies of model folders, to be damaged.</summary>
internal static class Folders
{
    public static string Copy(string source, string target)
    {
        foreach (var file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(target, Path.GetRelativePath(source, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }

        return target;
    }

    /// <summary>Replaces a text in a file that must contain it.</summary>
    public static void Edit(string directory, string file, string old, string replacement)
    {
        var path = Path.Combine(directory, file);
        var text = File.ReadAllText(path);
        Assert.Contains(old, text, StringComparison.Ordinal);
        File.WriteAllText(path, text.Replace(old, replacement, StringComparison.Ordinal));
    }

    public static void Cut(string directory, string file, double part)
    {
        var path = Path.Combine(directory, file);
        var bytes = File.ReadAllBytes(path);
        File.WriteAllBytes(path, bytes[..(int)(bytes.Length * part)]);
    }
}
