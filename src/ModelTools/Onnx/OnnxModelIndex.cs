using System.Globalization;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Text;
using Meridian.Inference.Packages;

namespace Meridian.ModelTools.Onnx;

/// <summary>
/// The nodes and constants of an ONNX file. Tensors are skipped first and read one by one on request, so a model of any size can be inspected.
/// Field numbers are those of onnx.proto.
/// </summary>
public sealed class OnnxModelIndex
{
    private const int BufferSize = 1 << 16;
    private readonly Dictionary<string, OnnxTensorEntry> _tensors = new(StringComparer.Ordinal);
    private readonly List<OnnxNodeEntry> _nodes = [];
    private readonly List<string> _inputs = [];
    private readonly string _path;

    private OnnxModelIndex(string path) => _path = path;

    /// <value>By name.</value>
    public IReadOnlyDictionary<string, OnnxTensorEntry> Tensors => _tensors;

    /// <value>In the order of the file.</value>
    public IReadOnlyList<OnnxNodeEntry> Nodes => _nodes;

    /// <value>Names of the graph's inputs.</value>
    public IReadOnlyList<string> Inputs => _inputs;

    /// <exception cref="ModelPackageException">The file is missing, or no sound ONNX model.</exception>
    public static OnnxModelIndex Open(string path)
    {
        var index = new OnnxModelIndex(path);
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, BufferSize);
            index.Model(file);
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException)
        {
            throw new ModelPackageException(path, $"'{path}' is no ONNX model, or ends too early: {e.Message} Copy or export it again.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelPackageException(path, $"'{path}' cannot be read: {e.Message} Check the path and its permissions.", e);
        }

        return index;
    }

    /// <summary>A tensor's elements; float16 and bfloat16 become float32.</summary>
    /// <exception cref="ModelPackageException">It is of another type, or its bytes are not where the file says.</exception>
    public float[] Read(OnnxTensorEntry tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        var size = tensor.Type switch
        {
            OnnxType.Float => 4,
            OnnxType.Float16 or OnnxType.BFloat16 => 2,
            _ => throw new ModelPackageException(_path, $"'{_path}': '{tensor.Name}' is of type {tensor.Type}; weights are read as float32, float16 or bfloat16. Use the model's unquantized export."),
        };
        var count = Count(tensor.Dimensions);
        if (count < 0)
        {
            throw new ModelPackageException(
                _path, $"'{_path}': '{tensor.Name}' has the shape [{string.Join(", ", tensor.Dimensions)}]; a tensor that is read may have {Array.MaxLength} elements. Export the model again.");
        }

        if (tensor.Offset < 0 || tensor.Length != count * size)
        {
            throw new ModelPackageException(
                _path, $"'{_path}': '{tensor.Name}' of shape [{string.Join(", ", tensor.Dimensions)}] has {tensor.Length} bytes of raw data; {count * size} were expected. Export the model again.");
        }

        try
        {
            using var file = new FileStream(tensor.File, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            if (tensor.Length > file.Length - tensor.Offset)
                throw new EndOfStreamException($"{tensor.Length} bytes from {tensor.Offset} are not in its {file.Length}.");
            file.Position = tensor.Offset;
            var values = GC.AllocateUninitializedArray<float>((int)count);
            if (size == 4)
            {
                file.ReadExactly(MemoryMarshal.AsBytes(values.AsSpan()));
                return values;
            }

            var narrow = GC.AllocateUninitializedArray<Half>((int)count);
            file.ReadExactly(MemoryMarshal.AsBytes(narrow.AsSpan()));
            if (tensor.Type == OnnxType.Float16)
            {
                TensorPrimitives.ConvertToSingle(narrow, values);
            }
            else
            {
                var bits = MemoryMarshal.Cast<Half, ushort>(narrow);
                for (var i = 0; i < values.Length; i++)
                    values[i] = BitConverter.Int32BitsToSingle(bits[i] << 16);
            }

            return values;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelPackageException(_path, $"'{_path}': '{tensor.Name}' cannot be read from '{tensor.File}': {e.Message} Copy or export the model again.", e);
        }
    }

    private void Model(FileStream file)
    {
        var found = false;
        foreach (var (number, length, _) in Fields(file, file.Length))
        {
            if (number != 7 || length < 0)
                continue;
            Graph(file, length);
            found = true;
        }

        if (!found)
            throw new InvalidDataException("it holds no graph.");
    }

    private void Graph(FileStream file, long graph)
    {
        foreach (var (number, length, _) in Fields(file, graph))
        {
            switch (number)
            {
                case 1:
                    Node(file, length);
                    break;
                case 5:
                    Tensor(file, length);
                    break;
                case 11:
                    foreach (var (field, size, _) in Fields(file, length))
                    {
                        if (field == 1)
                            _inputs.Add(Text(file, size));
                    }

                    break;
                default:
                    break;
            }
        }
    }

    private void Node(FileStream file, long node)
    {
        var (name, op, inputs, outputs) = ("", "", new List<string>(), new List<string>());
        foreach (var (number, length, _) in Fields(file, node))
        {
            switch (number)
            {
                case 1:
                    inputs.Add(Text(file, length));
                    break;
                case 2:
                    outputs.Add(Text(file, length));
                    break;
                case 3:
                    name = Text(file, length);
                    break;
                case 4:
                    op = Text(file, length);
                    break;
                default:
                    break;
            }
        }

        _nodes.Add(new OnnxNodeEntry(name, op, inputs, outputs));
    }

    private void Tensor(FileStream file, long tensor)
    {
        var (name, type, dimensions, source, offset, bytes) = ("", OnnxType.Undefined, new List<long>(), _path, -1L, 0L);
        foreach (var (number, length, value) in Fields(file, tensor))
        {
            switch (number)
            {
                case 1 when length < 0:
                    dimensions.Add(value);
                    break;
                case 1:
                    for (var end = file.Position + length; file.Position < end;)
                        dimensions.Add((long)Varint(file));
                    break;
                case 2:
                    type = (OnnxType)value;
                    break;
                case 8:
                    name = Text(file, length);
                    break;

                // A packed float_data field has exactly the same bytes as raw_data.
                case 9:
                case 4:
                    (offset, bytes) = (file.Position, length);
                    break;
                case 13:
                    var (key, text) = Entry(file, length);
                    if (key == "location")
                        (source, offset) = (Beside(text), Math.Max(0, offset));
                    else if (key == "offset")
                        offset = Number(key, text);
                    else if (key == "length")
                        bytes = Number(key, text);
                    break;
                default:
                    break;
            }
        }

        _tensors[name] = new OnnxTensorEntry(name, type, dimensions, source, offset, bytes);
    }

    private static (string Key, string Value) Entry(FileStream file, long entry)
    {
        var (key, value) = ("", "");
        foreach (var (number, length, _) in Fields(file, entry))
        {
            if (number == 1)
                key = Text(file, length);
            else if (number == 2)
                value = Text(file, length);
        }

        return (key, value);
    }

    // A graph may come from anywhere, so it must not name files outside its folder.
    private string Beside(string location) => RelativePath.StaysInside(location)
        ? FolderFiles.Resolve(Path.GetDirectoryName(Path.GetFullPath(_path))!, location)
        : throw new InvalidDataException($"it keeps weights in '{location}', which is not beside it.");

    private static long Number(string key, string text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        ? number
        : throw new InvalidDataException($"the {key} of external data is '{text}', which is no number.");

    /// <summary>Number of elements of a shape, or -1 if no array can hold them.</summary>
    private static long Count(IReadOnlyList<long> dimensions)
    {
        var count = 1L;
        foreach (var dimension in dimensions)
        {
            if (dimension is < 0 or > int.MaxValue || (count *= dimension) > Array.MaxLength)
                return -1;
        }

        return count;
    }

    /// <summary>The fields of a message that begins at the current position. Bytes of a field that the caller does not read are skipped.</summary>
    private static IEnumerable<(int Number, long Length, long Value)> Fields(FileStream file, long message)
    {
        var end = file.Position + message;
        if (end > file.Length)
            throw new InvalidDataException($"a part of {message} bytes has {file.Length - file.Position} left.");
        while (file.Position < end)
        {
            var tag = Varint(file);
            var number = (int)(tag >> 3);
            if ((tag & 7) == 0)
            {
                yield return (number, -1, (long)Varint(file));
                continue;
            }

            var length = (tag & 7) switch
            {
                1 => 8,
                2 => (long)Varint(file),
                5 => 4,
                _ => throw new InvalidDataException($"field {number} has wire type {tag & 7}, which does not exist."),
            };
            if (length < 0 || length > end - file.Position)
                throw new InvalidDataException($"a field of {length} bytes has {end - file.Position} left.");
            var next = file.Position + length;
            yield return (number, length, 0);
            file.Position = next;
        }
    }

    private static string Text(FileStream file, long length)
    {
        if (length is < 0 or > 1 << 16)
            throw new InvalidDataException($"a name of {length} bytes cannot be.");
        var bytes = new byte[length];
        file.ReadExactly(bytes);
        return Encoding.UTF8.GetString(bytes);
    }

    private static ulong Varint(FileStream file)
    {
        ulong value = 0;
        for (var shift = 0; shift < 70; shift += 7)
        {
            var next = file.ReadByte();
            if (next < 0)
                throw new EndOfStreamException("it ends inside a number.");
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
                return value;
        }

        throw new InvalidDataException("a number has more than ten bytes.");
    }
}
