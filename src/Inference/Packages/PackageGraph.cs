using Meridian.Onnx.Reading;

namespace Meridian.Inference.Packages;

/// <summary>Reads the ONNX graph of a package, with error messages that name the file and the remedy.</summary>
public static class PackageGraph
{
    /// <param name="model">The bytes of the graph.</param>
    /// <param name="path">The name of the graph in error messages.</param>
    /// <exception cref="ModelPackageException">The bytes are not an ONNX model, or end too early.</exception>
    public static GraphOutline Read(ReadOnlySpan<byte> model, string path)
    {
        try
        {
            return OnnxReader.Read(model);
        }
        catch (InvalidDataException e)
        {
            throw Unsound(path, e);
        }
    }

    /// <param name="place">The file. The weights in it are not read from the disk.</param>
    /// <param name="path">The name of the graph in error messages. It differs from <paramref name="place"/> if links lead to the file.</param>
    /// <exception cref="ModelPackageException">The file is missing or too long, or no ONNX model.</exception>
    public static GraphOutline ReadFile(string place, string path)
    {
        try
        {
            var length = new FileInfo(place).Length;
            return length <= Array.MaxLength
                ? OnnxReader.ReadFile(place)
                : throw new ModelPackageException(path, $"'{path}' has {length} bytes; a graph may have {Array.MaxLength}. Save it with external data.");
        }
        catch (InvalidDataException e)
        {
            throw Unsound(path, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelPackageException(path, $"'{path}' cannot be read: {e.Message} Check the path and its permissions.", e);
        }
    }

    private static ModelPackageException Unsound(string path, InvalidDataException e) =>
        new(path, $"'{path}' is no ONNX model, or ends too early: {e.Message} Copy or export it again.", e);
}
