using Meridian.Inference.Packages;
using Meridian.Inference.Packages.MiniLm;
using Meridian.Silo.Configuration;

namespace Meridian.Silo.Models;

/// <summary>Finds the source of a configured model.</summary>
public static class ModelSources
{
    /// <summary>Name of the built-in source: all-MiniLM-L6-v2.</summary>
    public const string MiniLm = "minilm";

    /// <summary>The source, or null where the model store is expected to have the model already.</summary>
    public static IModelSource? Find(ModelEntry model) => model.Source switch
    {
        null or "" => null,
        MiniLm => new MiniLmSource(),
        var directory => new DirectorySource(model.Name, directory),
    };
}
