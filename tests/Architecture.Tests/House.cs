using ArchUnitNET.Domain;
using ArchUnitNET.Loader;

namespace Meridian.Architecture.Tests;

/// <summary>The projects of <c>src</c> as they were compiled: their folders, and which type of a folder uses which type of another folder.</summary>
internal static class House
{
    private static readonly ArchUnitNET.Domain.Architecture Compiled = new ArchLoader()
        .LoadAssemblies([.. Floors.Projects.Keys.Select(name => System.Reflection.Assembly.Load(Floors.AssemblyOf(name)))])
        .Build();

    // Not those that the projects use of others, nor sources that several projects compile.
    private static readonly HashSet<IType> Own = [.. Compiled.Types];

    /// <value>Every use of a type by another type, of the projects of <c>src</c> alone, each once.</value>
    public static IReadOnlyList<Use> Uses { get; } =
    [
        .. Compiled.Types
            .SelectMany(type => type.Dependencies.Where(dependency => Own.Contains(dependency.Target)).Select(dependency => new Use(Owner(type), Owner(dependency.Target))))
            .Where(use => use.From.IsOurs && use.To.IsOurs && use.From != use.To)
            .Distinct(),
    ];

    /// <summary>The uses of a project's types by its own types, without the exceptions.</summary>
    public static IEnumerable<Use> UsesInside(string project) => Uses.Where(use => use.From.Project == project && use.To.Project == project && !Floors.IsException(use));

    /// <summary>The folders of a project by the folders that they use.</summary>
    public static SortedDictionary<string, SortedSet<string>> Folders(string project)
    {
        var folders = new SortedDictionary<string, SortedSet<string>>(StringComparer.Ordinal);
        foreach (var use in UsesInside(project))
        {
            Of(use.From.Folder);
            Of(use.To.Folder);
            if (use.From.Folder != use.To.Folder)
            {
                Of(use.From.Folder).Add(use.To.Folder);
            }
        }

        return folders;

        SortedSet<string> Of(string folder) => folders.TryGetValue(folder, out var used) ? used : folders[folder] = new SortedSet<string>(StringComparer.Ordinal);
    }

    /// <summary>The outermost type around a type: what the compiler makes of a lambda or a loop belongs to the type that has it.</summary>
    private static Member Owner(IType type)
    {
        var name = type.FullName.Split('+', '/')[0];
        var assembly = (type.Assembly?.Name ?? "").Split(',')[0];
        var project = Floors.ProjectOf(assembly) ?? "";
        return new Member(project, Folder(project, type.Namespace?.FullName ?? ""), name.Split('`')[0].Split('.')[^1]);
    }

    private static string Folder(string project, string space)
    {
        var root = Floors.RootOf(project);
        return space == root ? "." : space.StartsWith(root + ".", StringComparison.Ordinal) ? space[(root.Length + 1)..].Replace('.', '/') : "";
    }

    /// <summary>A type.</summary>
    /// <param name="Project">Name of its project; empty for a type that is not of <c>src</c>.</param>
    /// <param name="Folder">Its folder in the project; <c>.</c> for the project's own; empty for a type that the compiler made elsewhere, or that several projects compile.</param>
    /// <param name="Type">Its name.</param>
    internal readonly record struct Member(string Project, string Folder, string Type)
    {
        public bool IsOurs => Folder.Length > 0 && Project.Length > 0;
    }

    /// <summary>A type uses another type.</summary>
    internal readonly record struct Use(Member From, Member To);
}
