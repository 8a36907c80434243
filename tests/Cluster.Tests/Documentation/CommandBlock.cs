using System.Text;

namespace Meridian.Cluster.Tests.Documentation;

/// <summary>A fenced block of shell commands in the documentation.</summary>
/// <param name="File">Path from the root of the repository.</param>
/// <param name="Line">Line of its first command, from 1.</param>
/// <param name="Text">Its lines.</param>
public sealed record CommandBlock(string File, int Line, string Text)
{
    private const string Fence = "```";

    /// <summary>All blocks of README.md and docs.</summary>
    public static IReadOnlyList<CommandBlock> All(string root) =>
        [.. new[] { Path.Combine(root, "README.md") }.Concat(Directory.GetFiles(Path.Combine(root, "docs"), "*.md").Order(StringComparer.Ordinal)).SelectMany(file => Of(root, file))];

    private static IEnumerable<CommandBlock> Of(string root, string file)
    {
        var number = 0;
        var first = 0;
        StringBuilder? block = null;
        foreach (var line in System.IO.File.ReadLines(file))
        {
            number++;
            if (block is null)
            {
                if (line is Fence + "sh" or Fence + "bash") (block, first) = (new StringBuilder(), number + 1);
            }
            else if (line == Fence)
            {
                yield return new CommandBlock(Path.GetRelativePath(root, file), first, block.ToString());
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
