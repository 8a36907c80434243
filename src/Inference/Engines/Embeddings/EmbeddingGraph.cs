using Meridian.Inference.Decoders.Graphs;
using Meridian.Inference.Packages;
using Meridian.Inference.Sessions;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Meridian.Inference.Engines.Embeddings;

/// <summary>A session whose graph takes ids and a mask and returns token vectors, [batch, sequence, dimensions] float32.</summary>
internal sealed class EmbeddingGraph : IDisposable
{
    private const string Ids = "input_ids";
    private const string Mask = "attention_mask";
    private const string Types = "token_type_ids";

    private EmbeddingGraph(OnnxSession session, bool takesTypes, string output, int dimensions)
    {
        Session = session;
        InputNames = takesTypes ? [Ids, Mask, Types] : [Ids, Mask];
        OutputNames = [output];
        Dimensions = dimensions;
    }

    public OnnxSession Session { get; }

    /// <value>Ids, mask and, if the graph takes them, token types. All are [batch, sequence] int64.</value>
    public string[] InputNames { get; }

    public string[] OutputNames { get; }

    /// <value>Length of a token vector.</value>
    public int Dimensions { get; }

    /// <summary>Verifies, loads and checks the package's graph.</summary>
    /// <param name="package">The package that contains the graph.</param>
    /// <param name="vocabulary">Number of ids of its tokenizer.</param>
    /// <param name="options">Device and threads.</param>
    /// <exception cref="ModelPackageException">The file was altered, cannot be loaded, or has other inputs and outputs.</exception>
    public static EmbeddingGraph Load(ModelPackage package, int vocabulary, OnnxSessionOptions options)
    {
        var manifest = package.Manifest;
        var path = Path.Combine(package.Directory, manifest.Graph);
        var model = package.ReadFile(manifest.Graph);
        var outline = PackageGraph.Read(model, path);
        CheckTables(TableSearch.Find(outline), manifest, vocabulary, path);
        package.VerifyExternal(outline.ExternalFiles);
        var session = outline.ExternalFiles.Count > 0 ? OnnxSession.Open(path, options) : OnnxSession.Create(model, path, options);
        try
        {
            var inputs = session.Session.InputMetadata;
            var unknown = inputs.Where(i => i.Key is not (Ids or Mask or Types) || i.Value.ElementDataType != TensorElementType.Int64).Select(i => i.Key).ToArray();
            if (unknown.Length > 0 || !inputs.ContainsKey(Ids) || !inputs.ContainsKey(Mask))
            {
                throw new ModelPackageException(
                    path, $"'{path}' of {manifest.Id} takes {string.Join(", ", inputs.Select(i => $"{i.Key} {i.Value.ElementDataType}"))}; an embedding model takes {Ids}, {Mask} and at most {Types}, int64. Export it again.");
            }

            foreach (var (name, output) in session.Session.OutputMetadata)
            {
                if (output.ElementDataType == TensorElementType.Float && output.Dimensions is [_, _, var width] && width == manifest.Dimensions)
                    return new EmbeddingGraph(session, inputs.ContainsKey(Types), name, width);
            }

            throw new ModelPackageException(
                path, $"'{path}' of {manifest.Id} gives {string.Join(", ", session.Session.OutputMetadata.Select(o => $"{o.Key} {o.Value.ElementDataType} [{string.Join(',', o.Value.Dimensions)}]"))}; wanted is float [batch, sequence, {manifest.Dimensions}], as its manifest's dimensions say.");
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    public void Dispose() => Session.Dispose();

    // A text that the graph cannot compute makes its whole batch fail, so such texts must be refused earlier.
    private static void CheckTables(GraphTables tables, ModelManifest manifest, int vocabulary, string path)
    {
        if (tables.Positions is { } positions && positions.Reach < manifest.MaxTokens)
        {
            throw new ModelPackageException(
                path, $"The manifest of {manifest.Id} has maxTokens {manifest.MaxTokens}, but the table '{positions.Name}' of '{path}' has {positions.Rows} rows, for texts of {positions.Reach} tokens. Set maxTokens to at most {positions.Reach}.");
        }

        if (tables.Tokens is { } tokens && tokens.Reach < vocabulary)
        {
            throw new ModelPackageException(
                path, $"The tokenizer of {manifest.Id} has ids up to {vocabulary - 1}, but the table of tokens '{tokens.Name}' of '{path}' has {tokens.Rows} rows: they belong to different models. Take the tokenizer.json that was published with the graph.");
        }
    }
}
