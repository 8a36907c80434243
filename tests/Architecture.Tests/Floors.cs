namespace Meridian.Architecture.Tests;

/// <summary>What the projects and folders of <c>src</c> may use.</summary>
internal static class Floors
{
    /// <value>Every project by the projects that it may use.</value>
    public static IReadOnlyDictionary<string, string[]> Projects { get; } = new SortedDictionary<string, string[]>(StringComparer.Ordinal)
    {
        ["Grains.Abstractions"] = [],
        ["Jinja"] = [],
        ["Onnx"] = [],
        ["Routing"] = ["Grains.Abstractions"],
        ["Intents"] = ["Grains.Abstractions"],
        ["Federation"] = ["Grains.Abstractions", "Intents", "Routing"],
        ["Inference"] = ["Jinja", "Onnx"],
        ["Grains"] = ["Federation", "Grains.Abstractions", "Inference", "Intents", "Routing"],
        ["Gateway"] = ["Federation", "Grains.Abstractions", "Intents", "Routing"],
        ["Client"] = ["Grains.Abstractions", "Routing"],
        ["Silo"] = ["Federation", "Gateway", "Grains", "Grains.Abstractions", "Inference", "Intents", "Routing"],
        ["ModelTools"] = ["Inference", "Onnx"],
    };

    /// <summary>Uses that break a rule, each with its reason. The list only shrinks, and has at most five lines.</summary>
    public static IReadOnlyList<(string From, string To, string Reason)> Exceptions { get; } =
    [
    ];

    public static bool IsException(House.Use use) =>
        Exceptions.Any(exception => exception.From == $"{use.From.Project}/{use.From.Type}" && exception.To == $"{use.To.Project}/{use.To.Type}");

    /// <summary>The name of a project's assembly.</summary>
    public static string AssemblyOf(string project) => project == "Silo" ? "meridian-server" : $"Meridian.{project}";

    /// <summary>The project of an assembly; null if the assembly is not of <c>src</c>.</summary>
    public static string? ProjectOf(string assembly) => Projects.Keys.FirstOrDefault(project => AssemblyOf(project) == assembly);

    /// <summary>The namespace of a project's own folder.</summary>
    public static string RootOf(string project) => project == "Grains.Abstractions" ? "Meridian" : $"Meridian.{project}";
}
