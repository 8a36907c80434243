using System.Text;

namespace Meridian.Cluster.Tests.Documentation;

/// <summary>A fenced block of commands or code in the documentation.</summary>
/// <param name="File">Path from the root of the repository.</param>
/// <param name="Line">Line of its first line, from 1.</param>
/// <param name="Text">Its lines.</param>
public sealed record CodeBlock(string File, int Line, string Text)
{
    private const string Fence = "```";

    /// <summary>All blocks of shell commands in README.md and docs.</summary>
    public static IReadOnlyList<CodeBlock> Commands(string root) => All(root, "sh", "bash");

    /// <summary>All blocks of some languages in README.md and docs.</summary>
    /// <param name="root">Root of the repository.</param>
    /// <param name="languages">Words behind the opening fence.</param>
    public static IReadOnlyList<CodeBlock> All(string root, params string[] languages) =>
        [.. new[] { Path.Combine(root, "README.md") }.Concat(Directory.GetFiles(Path.Combine(root, "docs"), "*.md").Order(StringComparer.Ordinal)).SelectMany(file => Of(root, file, languages))];

    private static IEnumerable<CodeBlock> Of(string root, string file, string[] languages)
    {
        var number = 0;
        var first = 0;
        StringBuilder? block = null;
        foreach (var line in System.IO.File.ReadLines(file))
        {
            number++;
            if (block is null)
            {
                if (line.StartsWith(Fence, StringComparison.Ordinal) && languages.Contains(line[Fence.Length..])) (block, first) = (new StringBuilder(), number + 1);
            }
            else if (line == Fence)
            {
                yield return new CodeBlock(Path.GetRelativePath(root, file), first, block.ToString());
                block = null;
            }
            else
            {
                block.Append(line).Append('\n');
            }
        }
    }

    public override string ToString() => $"{File}:{Line}";
}
