using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Meridian.Inference.Engines.Embeddings;

/// <summary>
/// Runs batches for one worker: fills the input tensors, runs the graph and pools each row into the result of its call. The tensors live in native memory that
/// is allocated once. The graph writes its output directly into it.
/// </summary>
internal sealed unsafe class EmbeddingRunner : IBatchRunner
{
    private const int Alignment = 64;
    private readonly EmbeddingGraph _graph;
    private readonly bool _normalize;
    private readonly int _capacity;
    private readonly RunOptions _run = new();
    private readonly OrtValue[] _inputs;
    private readonly OrtValue[] _outputs = new OrtValue[1];
    private readonly long[] _shape = new long[2];
    private readonly long[] _outputShape = new long[3];
    private long* _ids;
    private long* _mask;
    private long* _types;
    private float* _vectors;

    /// <param name="graph">Shared by the workers. ONNX Runtime runs it concurrently.</param>
    /// <param name="normalize">Whether vectors are scaled to length 1.</param>
    /// <param name="capacity">Most tokens of a batch, including padding.</param>
    public EmbeddingRunner(EmbeddingGraph graph, bool normalize, int capacity)
    {
        _graph = graph;
        _normalize = normalize;
        _capacity = capacity;
        _inputs = new OrtValue[graph.InputNames.Length];
        _outputShape[2] = graph.Dimensions;
        _ids = (long*)NativeMemory.AlignedAlloc((nuint)capacity * sizeof(long), Alignment);
        _mask = (long*)NativeMemory.AlignedAlloc((nuint)capacity * sizeof(long), Alignment);
        _types = (long*)NativeMemory.AlignedAlloc((nuint)capacity * sizeof(long), Alignment);
        new Span<long>(_types, capacity).Clear();
        _vectors = (float*)NativeMemory.AlignedAlloc((nuint)capacity * (nuint)graph.Dimensions * sizeof(float), Alignment);
    }

    /// <inheritdoc />
    /// <exception cref="OnnxRuntimeException">The run failed.</exception>
    public void Run(ReadOnlySpan<EmbeddingItem> batch, int longest)
    {
        var tokens = batch.Length * longest;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(tokens, _capacity);
        for (var row = 0; row < batch.Length; row++)
        {
            var ids = batch[row].Ids;
            var at = row * longest;
            for (var i = 0; i < ids.Length; i++)
                _ids[at + i] = ids[i];
            new Span<long>(_ids + at + ids.Length, longest - ids.Length).Clear();
            new Span<long>(_mask + at, ids.Length).Fill(1);
            new Span<long>(_mask + at + ids.Length, longest - ids.Length).Clear();
        }

        Compute(batch.Length, longest);

        var dimensions = _graph.Dimensions;
        for (var row = 0; row < batch.Length; row++)
        {
            var item = batch[row];
            var vector = item.Call.VectorOf(item.Index);
            MeanPooling.Pool(new ReadOnlySpan<float>(_vectors + ((long)row * longest * dimensions), item.Length * dimensions), dimensions, vector, _normalize || vector.Length < dimensions);
            if (!BitConverter.IsLittleEndian)
            {
                var bits = MemoryMarshal.Cast<float, int>(vector);
                BinaryPrimitives.ReverseEndianness(bits, bits);
            }
        }
    }

    public void Dispose()
    {
        if (_ids is null)
            return;
        _run.Dispose();
        NativeMemory.AlignedFree(_ids);
        NativeMemory.AlignedFree(_mask);
        NativeMemory.AlignedFree(_types);
        NativeMemory.AlignedFree(_vectors);
        _ids = _mask = _types = null;
        _vectors = null;
    }

    private void Compute(int rows, int columns)
    {
        _shape[0] = _outputShape[0] = rows;
        _shape[1] = _outputShape[1] = columns;
        var tokens = (long)rows * columns;
        try
        {
            _inputs[0] = Tensor(_ids);
            _inputs[1] = Tensor(_mask);
            if (_inputs.Length > 2)
                _inputs[2] = Tensor(_types);
            _outputs[0] = OrtValue.CreateTensorValueWithData(
                OrtMemoryInfo.DefaultInstance, TensorElementType.Float, _outputShape, (nint)_vectors, tokens * _graph.Dimensions * sizeof(float));
            _graph.Session.Session.Run(_run, _graph.InputNames, _inputs, _graph.OutputNames, _outputs);
        }
        finally
        {
            foreach (var input in _inputs)
                input?.Dispose();
            _outputs[0]?.Dispose();
        }

        OrtValue Tensor(long* data) =>
            OrtValue.CreateTensorValueWithData(OrtMemoryInfo.DefaultInstance, TensorElementType.Int64, _shape, (nint)data, tokens * sizeof(long));
    }
}
