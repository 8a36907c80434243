using System.Text.Json;

namespace Meridian.Inference.Packages.HuggingFace;

/// <summary>The files of a folder in the layout of Hugging Face and Optimum that belong to a package.</summary>
/// <param name="Root">Absolute path of the folder.</param>
/// <param name="Graph">Path of the ONNX graph in the folder.</param>
/// <param name="Files">Paths of all files of the package, with <c>/</c>.</param>
/// <param name="Operators">How often the graph has each operator.</param>
internal sealed record HuggingFaceFolder(string Root, string Graph, IReadOnlyList<string> Files, IReadOnlyDictionary<string, int> Operators)
{
    public const string Config = "config.json";
    public const string Tokenizer = "tokenizer.json";

    private static readonly string[] Graphs = ["onnx/model.onnx", "model.onnx"];
    private static readonly string[] Optional =
        ["generation_config.json", "tokenizer_config.json", "special_tokens_map.json", "chat_template.jinja", "LICENSE", "LICENSE.txt", "LICENSE.md"];

    /// <summary>Whether a directory looks like such a folder. It may be incomplete.</summary>
    public static bool Is(string directory) => File.Exists(Path.Combine(directory, Config));

    /// <param name="directory">The folder.</param>
    /// <param name="graph">Path of the graph in the folder, or null for the usual paths.</param>
    /// <exception cref="ModelPackageException">The folder, or a file that a decoder needs, is missing, or the graph is not an ONNX graph.</exception>
    public static HuggingFaceFolder Open(string directory, string? graph)
    {
        var root = Path.GetFullPath(directory);
        if (!Directory.Exists(root))
            throw new ModelPackageException(directory, $"'{directory}' is no directory; give the folder that holds the model's {Config}.");
        foreach (var needed in new[] { Config, Tokenizer })
        {
            if (!FolderFiles.Exists(root, needed))
                throw new ModelPackageException(Path.Combine(root, needed), $"'{root}' has no {needed}; a Hugging Face folder with it is needed. Copy it from where the model was published.");
        }

        if (graph is not null && !RelativePath.StaysInside(graph))
            throw new ModelPackageException(root, $"The graph '{graph}' does not lie in '{root}'. Give its path inside of the folder, with '/', or the folder that holds it.");
        graph ??= Array.Find(Graphs, path => FolderFiles.Exists(root, path));
        if (graph is null || !FolderFiles.Exists(root, graph))
            throw NoGraph(root, graph);

        var path = Local(root, graph);
        FolderFiles.RefusePointer(root, graph);
        var outline = PackageGraph.ReadFile(FolderFiles.Resolve(root, graph), path);
        var folder = graph.LastIndexOf('/') is var slash and >= 0 ? graph[..(slash + 1)] : "";
        string[] external = [.. outline.ExternalFiles.Select(file => folder + file).Order(StringComparer.Ordinal)];
        foreach (var file in external)
        {
            if (!RelativePath.StaysInside(file))
                throw new ModelPackageException(path, $"'{path}' keeps weights in '{file}'; they must lie beside or below the graph. Save it again with external data in the same folder.");
            if (!FolderFiles.Exists(root, file))
                throw new ModelPackageException(path, $"'{path}' keeps weights in '{file}', which is not there. Copy that file beside the graph.");
        }

        string[] files = [Config, Tokenizer, graph, .. external, .. Optional.Where(file => FolderFiles.Exists(root, file))];
        foreach (var file in files)
            FolderFiles.RefusePointer(root, file);
        return new HuggingFaceFolder(root, graph, files, outline.Operators);
    }

    /// <summary>The publisher of the model, taken from the name it was loaded by (<c>organisation/model</c>); null if unknown.</summary>
    public string? Owner()
    {
        try
        {
            using var config = JsonDocument.Parse(File.ReadAllBytes(FolderFiles.Resolve(Root, Config)));
            return config.RootElement.TryGetProperty("_name_or_path", out var name) && name.GetString() is { } text && text.Split('/') is [{ Length: > 0 } owner, { Length: > 0 }]
                ? owner
                : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Other code reads the file, too, and reports the error.
            return null;
        }
    }

    /// <summary>The license that the model card (<c>README.md</c>) states in its front matter; null if it states none.</summary>
    public string? License()
    {
        var card = FolderFiles.Resolve(Root, "README.md");
        if (!File.Exists(card))
            return null;
        using var lines = File.ReadLines(card).GetEnumerator();
        if (!lines.MoveNext() || lines.Current.Trim() != "---")
            return null;
        while (lines.MoveNext() && lines.Current.Trim() != "---")
        {
            if (lines.Current.StartsWith("license:", StringComparison.Ordinal))
                return lines.Current["license:".Length..].Trim().Trim('"', '\'') is { Length: > 0 } license ? license : null;
        }

        return null;
    }

    public static string Local(string root, string path) => Path.Combine(root, path.Replace('/', Path.DirectorySeparatorChar));

    private static ModelPackageException NoGraph(string root, string? asked)
    {
        var found = Directory.EnumerateFiles(root, "*.onnx", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(root, file).Replace(Path.DirectorySeparatorChar, '/')).Order(StringComparer.Ordinal).Take(10).ToArray();
        return new ModelPackageException(
            root,
            $"'{root}' has no {asked ?? string.Join(" and no ", Graphs)}; "
            + (found.Length == 0 ? "there is no ONNX file in it. Export the model to ONNX, with past." : $"there are {string.Join(", ", found)}. Name the one that is meant."));
    }
}
