using System.Buffers;

namespace Meridian.Inference.Packages;

/// <summary>The rules that a manifest must satisfy before any of its paths is used.</summary>
public static class ModelManifestRules
{
    /// <summary>File name of the manifest inside a package.</summary>
    public const string FileName = "manifest.json";

    private const int MaxSegment = 128;
    private static readonly SearchValues<char> NameCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");

    private static readonly SearchValues<char> VersionCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-@+");

    private static readonly SearchValues<char> HexCharacters = SearchValues.Create("0123456789abcdef");

    /// <summary>Lists all mistakes of a manifest. Each text names field, value and rule. Empty if the manifest is correct.</summary>
    /// <param name="manifest">The manifest as read. Its strings may be null in spite of their annotations, because JSON may contain <c>null</c>.</param>
    public static IReadOnlyList<string> Check(ModelManifest manifest)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        var mistakes = new List<string>();
        Segment(mistakes, "name", manifest.Name, NameCharacters, "letters, digits, '.', '_', '-'");
        Segment(mistakes, "version", manifest.Version, VersionCharacters, "letters, digits, '.', '_', '-', '@', '+'");
        Segment(mistakes, "variant", manifest.Variant, NameCharacters, "letters, digits, '.', '_', '-'");
        Segment(mistakes, "kind", manifest.Kind, NameCharacters, "letters, digits, '.', '_', '-'");
        if (string.IsNullOrWhiteSpace(manifest.OwnedBy))
            mistakes.Add("ownedBy is empty; name who published the model.");
        NotNegative(mistakes, "created", manifest.Created);
        NotNegative(mistakes, "maxTokens", manifest.MaxTokens);
        NotNegative(mistakes, "dimensions", manifest.Dimensions);
        Files(mistakes, manifest);
        return mistakes;
    }

    /// <summary>Throws if a manifest breaks the rules, before any of its paths is used.</summary>
    /// <param name="manifest">The manifest as read.</param>
    /// <param name="where">The origin of the manifest, for the message.</param>
    /// <exception cref="ModelPackageException">The manifest has mistakes. The message lists all of them.</exception>
    public static void Refuse(ModelManifest manifest, string where)
    {
        var mistakes = Check(manifest);
        if (mistakes.Count > 0)
            throw new ModelPackageException(where, $"The manifest of '{where}' is not sound: {string.Join(" ", mistakes)} Nothing was copied; repair the package.");
    }

    /// <summary>Whether a text can be the name of a model. The name becomes a directory and a part of grain keys.</summary>
    public static bool IsName(string? text) => IsSegment(text, NameCharacters);

    /// <summary>Whether a text can be a version.</summary>
    public static bool IsVersion(string? text) => IsSegment(text, VersionCharacters);

    private static void Files(List<string> mistakes, ModelManifest manifest)
    {
        if (manifest.Files is not { Length: > 0 })
        {
            mistakes.Add("files is empty; list every file of the package with path, size and sha256.");
            return;
        }

        var paths = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        for (var i = 0; i < manifest.Files.Length; i++)
        {
            if (manifest.Files[i] is not { } file)
            {
                mistakes.Add($"files[{i}] is null; give path, size and sha256.");
                continue;
            }

            if (PathMistake(file.Path) is { } mistake)
                mistakes.Add($"files[{i}].path '{file.Path}' {mistake}");
            else if (!paths.Add(file.Path))
                mistakes.Add($"files[{i}].path '{file.Path}' is listed twice (case does not distinguish); list each file once.");
            if (file.Size < 0)
                mistakes.Add($"files[{i}].size {file.Size} is negative; give the file's bytes.");
            if (file.Sha256 is not { Length: 64 } hash || hash.AsSpan().ContainsAnyExcept(HexCharacters))
                mistakes.Add($"files[{i}].sha256 '{file.Sha256}' is no SHA-256; give 64 lower-case hexadecimal digits.");
        }

        Listed("graph", manifest.Graph);
        if (manifest.Tokenizer is not null)
            Listed("tokenizer", manifest.Tokenizer);

        void Listed(string field, string? path)
        {
            if (path is null || !manifest.Files.Any(f => f?.Path == path))
                mistakes.Add($"{field} '{path}' is not among files; list it with size and sha256.");
        }
    }

    private static string? PathMistake(string? path)
    {
        if (string.IsNullOrEmpty(path))
            return "is empty; give a path relative to the package.";
        if (path.Length > 512)
            return $"has {path.Length} characters; 512 are allowed.";
        if (path.Contains('\\', StringComparison.Ordinal) || path.Contains(':', StringComparison.Ordinal) || path.Any(char.IsControl))
            return "contains a backslash, a colon or a control character; separate folders with '/'.";
        if (path[0] == '/' || Path.IsPathRooted(path))
            return "is rooted; give a path relative to the package.";
        foreach (var part in path.Split('/'))
        {
            if (part is "" or "." or "..")
                return "has an empty, '.' or '..' part; a package holds only what lies inside its directory.";
        }

        return string.Equals(path, FileName, StringComparison.OrdinalIgnoreCase) ? "is the manifest itself; list the other files." : null;
    }

    private static void Segment(List<string> mistakes, string field, string? value, SearchValues<char> allowed, string rule)
    {
        if (!IsSegment(value, allowed))
            mistakes.Add($"{field} '{value}' is not usable as one; 1 to {MaxSegment} of {rule}, starting with a letter or digit.");
    }

    private static bool IsSegment(string? value, SearchValues<char> allowed) =>
        value is { Length: > 0 and <= MaxSegment } && char.IsAsciiLetterOrDigit(value[0]) && !value.AsSpan().ContainsAnyExcept(allowed);

    private static void NotNegative(List<string> mistakes, string field, long value)
    {
        if (value < 0)
            mistakes.Add($"{field} {value} is negative; 0 means that it has no meaning here.");
    }
}
