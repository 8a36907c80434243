using Meridian.Inference.Decoders.Graphs;
using Meridian.Inference.Packages;

namespace Meridian.Inference.Decoders;

/// <summary>Whether a package is a decoder that this build runs, found out without creating a session.</summary>
public static class DecoderCheck
{
    /// <summary>Verifies the graph and its weights, reads its outline and compares it with the configuration.</summary>
    /// <exception cref="ModelPackageException">A file is missing or altered, the graph has another layout, or graph and configuration disagree; says what was expected and found.</exception>
    public static DecoderShape Run(ModelPackage package) => Open(package).Graph.Shape;

    internal static OpenedDecoder Open(ModelPackage package)
    {
        ArgumentNullException.ThrowIfNull(package);
        var manifest = package.Manifest;
        var path = Path.Combine(package.Directory, manifest.Graph.Replace('/', Path.DirectorySeparatorChar));
        var config = DecoderConfig.Read(package);
        var context = manifest.MaxTokens > 0 ? Math.Min(manifest.MaxTokens, config.ContextLength) : config.ContextLength;
        var model = package.ReadFile(manifest.Graph);
        var outline = OnnxReader.Read(model, path);
        var graph = DecoderGraph.Discover(outline, config, context, path);
        foreach (var file in outline.ExternalFiles)
            package.VerifyFile(Beside(manifest.Graph, file, path));
        return new OpenedDecoder(graph, config, model, path, outline.ExternalFiles.Count > 0);
    }

    // The manifest's paths are checked to lie inside the package; a graph's are not, and ONNX Runtime would follow them.
    private static string Beside(string graph, string file, string path)
    {
        if (!RelativePath.StaysInside(file))
            throw new ModelPackageException(path, $"'{path}' keeps weights in '{file}'; they must lie beside or below the graph. Save it again with external data in the same folder.");
        var folder = graph.LastIndexOf('/');
        return folder < 0 ? file : $"{graph[..folder]}/{file}";
    }
}
