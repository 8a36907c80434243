using Meridian.Inference.Decoders.Contract;
using Meridian.Inference.Decoders.Graphs;
using Meridian.Inference.Packages;

namespace Meridian.Inference.Decoders;

/// <summary>Checks, without creating a session, whether a package is a decoder that this build can run.</summary>
public static class DecoderCheck
{
    /// <summary>Verifies the graph and its weights, reads its outline and compares it with the configuration.</summary>
    /// <exception cref="ModelPackageException">
    /// A file is missing or altered, the graph has another layout, or graph and configuration disagree. The message says what was expected and what was found.
    /// </exception>
    public static DecoderShape Run(ModelPackage package) => Open(package).Graph.Shape;

    internal static OpenedDecoder Open(ModelPackage package)
    {
        ArgumentNullException.ThrowIfNull(package);
        var manifest = package.Manifest;
        var path = Path.Combine(package.Directory, manifest.Graph.Replace('/', Path.DirectorySeparatorChar));
        var config = DecoderConfig.Read(package);
        var model = package.ReadFile(manifest.Graph);
        var outline = PackageGraph.Read(model, path);
        var tables = TableSearch.Find(outline);
        var cap = Cap(tables, config, path);
        var context = Math.Min(config.ContextLength, cap?.Reach ?? int.MaxValue);
        if (manifest.MaxTokens > 0)
            context = Math.Min(context, manifest.MaxTokens);
        var graph = DecoderGraph.Discover(outline, tables, config, context, cap, path);
        package.VerifyExternal(outline.ExternalFiles);
        return new OpenedDecoder(graph, config, model, path, outline.ExternalFiles.Count > 0);
    }

    private static ContextCap? Cap(GraphTables tables, DecoderConfig config, string path)
    {
        if (tables.Positions is not { } table || table.Reach >= config.ContextLength)
            return null;
        return table.Reach > 1
            ? new ContextCap(config.ContextLength, (int)table.Reach, table.Name, table.Rows)
            : throw new ModelPackageException(
                path, $"{DecoderConfig.FileName} promises {config.ContextLength} positions, but the table '{table.Name}' of '{path}' has {table.Rows} rows, which is not enough for a text. Export the graph again.");
    }
}
