using System.Globalization;
using Meridian.Onnx.Format;

namespace Meridian.Onnx.Writing;

/// <summary>
/// Writes a graph as an ONNX file. All lengths are computed first, so each tensor goes directly into the file, once: the memory needed for a model of any size
/// is its weights plus a megabyte. A protobuf message is limited to 2 GiB; the tensors of a larger model go into a second file, as ONNX allows.
/// </summary>
public static class OnnxModelFile
{
    /// <value>Bytes of tensors that a single file may hold; leaves room for the graph below protobuf's 2 GiB.</value>
    public const long InlineLimit = 0x7000_0000;

    private const int IrVersion = 8;
    private const int SmallTensor = 1024;
    private const int Alignment = 4096;
    private const int BufferSize = 1 << 20;

    /// <summary>Suffix of the file that takes the tensors of a large model.</summary>
    public const string ExternalSuffix = "_data";

    /// <param name="path">File to write; <c>PATH_data</c> beside it takes the tensors where they are external.</param>
    /// <param name="graph">Graph.</param>
    /// <param name="inlineLimit">Bytes of tensors above which they go into a file of their own; 0 for always.</param>
    /// <param name="written">Told bytes of tensors written so far and in all.</param>
    /// <param name="cancellationToken">Ends the writing between two tensors.</param>
    /// <exception cref="InvalidOperationException">The graph is not sound.</exception>
    public static void Write(string path, OnnxGraphBuilder graph, long inlineLimit = InlineLimit, Action<long, long>? written = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(graph);
        graph.Check();
        var all = graph.Initializers.Sum(i => i.ByteLength);
        var external = all > inlineLimit ? Place(graph.Initializers) : [];
        var location = Path.GetFileName(path) + ExternalSuffix;
        var heads = graph.Initializers.Select(i => Head(i, external.TryGetValue(i.Name, out var offset) ? offset : null, location)).ToArray();

        var name = new ProtobufWriter().Text(OnnxFields.Graph.Name, graph.Name);
        long length = graph.Nodes.Length + name.Written.Length + graph.Ends.Length;
        for (var i = 0; i < heads.Length; i++)
        {
            var body = Body(i);
            length += 1 + ProtobufWriter.VarintSize((ulong)body) + body;
        }

        var model = new ProtobufWriter()
            .Number(OnnxFields.Model.IrVersion, IrVersion)
            .Text(OnnxFields.Model.ProducerName, "meridian-tools")
            .Message(OnnxFields.Model.OpsetImport, Opset("", graph.Opset));
        if (graph.UsesMicrosoft)
            model.Message(OnnxFields.Model.OpsetImport, Opset(OnnxGraphBuilder.MicrosoftDomain, 1));
        model.Header(OnnxFields.Model.Graph, length);

        long done = 0;
        using var file = Create(path);
        file.Write(model.Written);
        file.Write(graph.Nodes);
        file.Write(name.Written);
        for (var i = 0; i < heads.Length; i++)
        {
            file.Write(new ProtobufWriter().Header(OnnxFields.Graph.Initializer, Body(i)).Written);
            file.Write(heads[i].Written);
            if (IsInline(i))
                Tensor(graph.Initializers[i], file);
        }

        file.Write(graph.Ends);
        if (external.Count == 0)
            return;
        using var tensors = Create(path + ExternalSuffix);
        foreach (var initializer in graph.Initializers)
        {
            if (!external.TryGetValue(initializer.Name, out var offset))
                continue;
            tensors.SetLength(offset);
            tensors.Position = offset;
            Tensor(initializer, tensors);
        }

        bool IsInline(int i) => !external.ContainsKey(graph.Initializers[i].Name);

        long Body(int i) => heads[i].Written.Length + (IsInline(i) ? graph.Initializers[i].ByteLength : 0);

        void Tensor(OnnxInitializer initializer, FileStream stream)
        {
            cancellationToken.ThrowIfCancellationRequested();
            initializer.WriteTo(stream);
            done += initializer.ByteLength;
            written?.Invoke(done, all);
        }
    }

    // Small tensors stay in the graph, because shapes are inferred from them. The others start at page boundaries, so a runtime can map them.
    private static Dictionary<string, long> Place(IReadOnlyList<OnnxInitializer> initializers)
    {
        var places = new Dictionary<string, long>(StringComparer.Ordinal);
        long offset = 0;
        foreach (var initializer in initializers)
        {
            if (initializer.ByteLength < SmallTensor)
                continue;
            places.Add(initializer.Name, offset);
            offset += (initializer.ByteLength + Alignment - 1) / Alignment * Alignment;
        }

        return places;
    }

    private static ProtobufWriter Head(OnnxInitializer initializer, long? offset, string location)
    {
        var head = new ProtobufWriter();
        foreach (var dimension in initializer.Dimensions)
            head.Number(OnnxFields.Tensor.Dimensions, dimension);
        head.Number(OnnxFields.Tensor.DataType, (long)initializer.Type).Text(OnnxFields.Tensor.Name, initializer.Name);
        if (offset is not { } at)
            return head.Header(OnnxFields.Tensor.RawData, initializer.ByteLength);
        return head
            .Message(OnnxFields.Tensor.ExternalData, Entry(OnnxFields.Entry.Location, location))
            .Message(OnnxFields.Tensor.ExternalData, Entry(OnnxFields.Entry.Offset, at.ToString(CultureInfo.InvariantCulture)))
            .Message(OnnxFields.Tensor.ExternalData, Entry(OnnxFields.Entry.Length, initializer.ByteLength.ToString(CultureInfo.InvariantCulture)))
            .Number(OnnxFields.Tensor.DataLocation, OnnxFields.Tensor.External);
    }

    private static ProtobufWriter Entry(string key, string value) => new ProtobufWriter().Text(OnnxFields.Entry.Key, key).Text(OnnxFields.Entry.Value, value);

    private static ProtobufWriter Opset(string domain, long version) =>
        new ProtobufWriter().Text(OnnxFields.Opset.Domain, domain).Number(OnnxFields.Opset.Version, version);

    private static FileStream Create(string path) => new(path, FileMode.Create, FileAccess.Write, FileShare.None, BufferSize);
}
