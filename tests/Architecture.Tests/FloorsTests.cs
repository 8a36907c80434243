using System.Text;
using System.Text.RegularExpressions;
using Meridian.Cluster.Tests.Harness;

namespace Meridian.Architecture.Tests;

/// <summary>Fails where a project or folder of <c>src</c> uses one that it may not use. docs/folders.md has the table.</summary>
public sealed partial class FloorsTests
{
    public static TheoryData<string> Projects => [.. Floors.Projects.Keys];

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_project_uses_the_projects_below_it_alone(string project)
    {
        var wrong = House.Uses
            .Where(use => use.From.Project == project && use.To.Project != project && !Floors.Projects[project].Contains(use.To.Project) && !Floors.IsException(use))
            .Select(use => $"{use.From.Folder}/{use.From.Type} uses {use.To.Project}/{use.To.Folder}/{use.To.Type}");
        Assert.Empty(wrong);
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void Folders_form_no_circle(string project)
    {
        var folders = House.Folders(project);
        var circles = Circles.Of(folders);
        var uses = House.UsesInside(project).Where(use => use.From.Folder != use.To.Folder
            && circles.Any(circle => circle.Contains(use.From.Folder) && circle.Contains(use.To.Folder)));
        Assert.True(
            circles.Count == 0,
            $"{project} has circles of folders: {string.Join("; ", circles.Select(circle => string.Join(", ", circle)))}. The uses in them:\n"
            + string.Join('\n', uses.Select(use => $"  {use.From.Folder}/{use.From.Type} -> {use.To.Folder}/{use.To.Type}").Order(StringComparer.Ordinal)));
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void The_namespace_of_a_file_is_its_folder(string project)
    {
        var root = Path.Combine(Repository.Root, "src", project);
        var wrong = Directory.EnumerateFiles(root, "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
            .Select(file => (File: Path.GetRelativePath(root, file), Said: Namespace().Match(File.ReadAllText(file)).Groups[1].Value))
            .Where(file => file.Said.Length > 0)
            .Where(file => file.Said != string.Join('.', [Floors.RootOf(project), .. Path.GetDirectoryName(file.File)!.Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries)]));
        Assert.Empty(wrong);
    }

    [Fact]
    public void At_most_five_uses_are_excepted_and_each_is_one_that_there_is()
    {
        Assert.True(Floors.Exceptions.Count <= 5, $"{Floors.Exceptions.Count} uses are excepted.");
        Assert.All(Floors.Exceptions, exception => Assert.Contains(House.Uses, use => exception.From == $"{use.From.Project}/{use.From.Type}" && exception.To == $"{use.To.Project}/{use.To.Type}"));
    }

    /// <summary>To renew the table of the page: set MERIDIAN_WRITE_DOCS=1 and run this test.</summary>
    [Fact]
    public void The_page_has_the_table_of_folders()
    {
        var page = Path.Combine(Repository.Root, "docs", "folders.md");
        var text = File.ReadAllText(page);
        var table = Table();
        var renewed = Between().Replace(text, match => $"{match.Groups[1].Value}\n{table}{match.Groups[2].Value}", 1);
        if (Environment.GetEnvironmentVariable("MERIDIAN_WRITE_DOCS") == "1")
        {
            File.WriteAllText(page, renewed);
            return;
        }

        TestContext.Current.TestOutputHelper?.WriteLine(table);
        Assert.Matches(Between(), text);
        Assert.True(renewed == text, "The table in docs/folders.md is not that of the code. Run this test with MERIDIAN_WRITE_DOCS=1 and read the difference.");
    }

    private static string Table()
    {
        var table = new StringBuilder("| project | folder | uses |\n|---|---|---|\n");
        foreach (var project in Floors.Projects.Keys)
        {
            foreach (var (folder, used) in House.Folders(project))
            {
                table.Append($"| {project} | {folder} | {string.Join(", ", used)} |\n");
            }
        }

        return table.ToString();
    }

    [GeneratedRegex(@"^namespace ([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex Namespace();

    [GeneratedRegex("(<!-- folders -->)[\\s\\S]*(<!-- /folders -->)")]
    private static partial Regex Between();
}
