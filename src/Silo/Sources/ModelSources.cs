using Meridian.Inference.Packages;
using Meridian.Inference.Packages.HuggingFace;
using Meridian.Inference.Packages.MiniLm;

namespace Meridian.Silo.Sources;

/// <summary>Finds the source of a configured model.</summary>
public static class ModelSources
{
    /// <summary>Name of the built-in source for all-MiniLM-L6-v2.</summary>
    public const string MiniLm = "minilm";

    /// <summary>Name of the built-in source for the small language model that comes with Meridian (<c>models/stories</c>).</summary>
    public const string Stories = "stories";

    private const string Embedding = "embedding";

    /// <summary>The source, or null if no source is configured; then the model store is expected to have the model already.</summary>
    /// <param name="name">The name under which the model is served.</param>
    /// <param name="source">A built-in source, or a directory.</param>
    public static IModelSource? Find(string name, string? source) => source switch
    {
        null or "" => null,
        MiniLm => new MiniLmSource(),
        Stories => new HuggingFaceSource(name, StoriesFolder),
        var directory when IsPackage(directory) => new DirectorySource(name, directory),
        var directory => new HuggingFaceSource(name, directory),
    };

    /// <summary>Whether a source exists. Damaged files are found only at the installation.</summary>
    public static bool IsKnown(string? source) => source is null or "" or MiniLm or Stories || IsPackage(source) || HuggingFaceSource.Recognizes(source);

    /// <summary>
    /// The kind of a source's model; empty if the source does not exist. For a package that does not state its kind, <c>embedding</c>; its installation reports
    /// the error.
    /// </summary>
    public static string KindOf(string? source)
    {
        if (source is null or "" or MiniLm)
        {
            return Embedding;
        }

        if (source == Stories)
        {
            return HuggingFaceSource.Kind;
        }

        if (IsPackage(source))
        {
            return DirectorySource.KindOf(source) is { } kind && !string.IsNullOrWhiteSpace(kind) ? kind : Embedding;
        }

        return HuggingFaceSource.Recognizes(source) ? HuggingFaceSource.Kind : "";
    }

    /// <value>Beside the program, so it is found wherever the program was built or published.</value>
    private static string StoriesFolder => Path.Combine(AppContext.BaseDirectory, "models", Stories);

    private static bool IsPackage(string directory) => File.Exists(Path.Combine(directory, ModelManifestRules.FileName));
}
