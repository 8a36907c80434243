using Meridian.Inference.Packages;
using Meridian.Onnx.Reading;

namespace Meridian.ModelTools.Llama;

/// <summary>An ONNX file whose weights are read one by one, when they are asked for.</summary>
public sealed class OnnxWeights
{
    private readonly string _path;
    private readonly Dictionary<string, string> _files = new(StringComparer.Ordinal);

    private OnnxWeights(string path, GraphOutline graph)
    {
        (_path, Graph) = (path, graph);
        foreach (var file in graph.ExternalFiles)
            _files[file] = Beside(file);
    }

    public GraphOutline Graph { get; }

    /// <exception cref="ModelPackageException">The file is missing, or no sound ONNX model.</exception>
    public static OnnxWeights Open(string path) => new(path, PackageGraph.ReadFile(path, path));

    /// <summary>A tensor's elements; float16 and bfloat16 become float32.</summary>
    /// <exception cref="ModelPackageException">The tensor has another type, or its bytes are not where the graph says.</exception>
    public float[] Read(StoredTensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        var file = tensor.File is { } external ? _files[external] : _path;
        try
        {
            return TensorElements.ReadSingle(tensor, file);
        }
        catch (InvalidDataException e)
        {
            throw new ModelPackageException(_path, $"'{_path}': {e.Message}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelPackageException(_path, $"'{_path}': '{tensor.Name}' cannot be read from '{file}': {e.Message} Copy or export the model again.", e);
        }
    }

    // A graph may come from anywhere, so it must not name files outside its folder.
    private string Beside(string location) => RelativePath.StaysInside(location)
        ? FolderFiles.Resolve(Path.GetDirectoryName(Path.GetFullPath(_path))!, location)
        : throw new ModelPackageException(_path, $"'{_path}' keeps weights in '{location}', which is not beside it. Export it again into one folder.");
}
