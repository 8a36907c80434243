using Meridian.Inference.Packages;
using Meridian.Inference.Packages.HuggingFace;
using Meridian.Inference.Packages.MiniLm;

namespace Meridian.Silo.Sources;

/// <summary>Finds the source of a configured model.</summary>
public static class ModelSources
{
    /// <summary>Name of the built-in source: all-MiniLM-L6-v2.</summary>
    public const string MiniLm = "minilm";

    /// <summary>Name of the built-in source of the small language model that comes with Meridian (<c>models/stories</c>).</summary>
    public const string Stories = "stories";

    private const string Embedding = "embedding";

    /// <summary>The source, or null where the model store is expected to have the model already.</summary>
    /// <param name="name">Name that the model is served under.</param>
    /// <param name="source">A built-in source, or a directory.</param>
    public static IModelSource? Find(string name, string? source) => source switch
    {
        null or "" => null,
        MiniLm => new MiniLmSource(),
        Stories => new HuggingFaceSource(name, StoriesFolder),
        var directory when IsPackage(directory) => new DirectorySource(name, directory),
        var directory => new HuggingFaceSource(name, directory),
    };

    /// <summary>Whether a source is one of those that there are. Whether its files are sound shows when they are installed.</summary>
    public static bool IsKnown(string? source) => source is null or "" or MiniLm or Stories || IsPackage(source) || HuggingFaceSource.Recognizes(source);

    /// <summary>What a model from a source does; empty where there is no such source. A package that does not say it is reported when it is installed.</summary>
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

    /// <value>Beside the program, wherever it was built or published to.</value>
    private static string StoriesFolder => Path.Combine(AppContext.BaseDirectory, "models", Stories);

    private static bool IsPackage(string directory) => File.Exists(Path.Combine(directory, ModelManifestRules.FileName));
}
