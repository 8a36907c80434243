using Meridian.Inference.Decoders.Graphs;

namespace Meridian.Inference.Decoders.Caches;

/// <summary>All inputs and outputs of a run except keys and values. All runs of a stage share one set.</summary>
internal sealed class RunTensors : IDisposable
{
    private readonly int _vocabulary;
    private readonly bool _lastOnly;
    private int _columns;

    public RunTensors(DecoderGraph graph)
    {
        _vocabulary = graph.Shape.Vocabulary;
        _lastOnly = graph.LastLogitsOnly;
        Ids = new HostTensor(graph.Ids, 2);
        Logits = new HostTensor(graph.Logits, 3);
        Mask = graph.Mask is null ? null : new HostTensor(graph.Mask, 2);
        Positions = graph.Positions is null ? null : new HostTensor(graph.Positions, 2);
        LastPositions = graph.LastPositions is null ? null : new HostTensor(graph.LastPositions, graph.LastPositions.Dimensions is [_, _] ? 2 : 1);
        TotalLength = graph.TotalLength is null ? null : new HostTensor(graph.TotalLength, graph.TotalLength.Dimensions is [_] ? 1 : 0);
        LogitsToKeep = graph.LogitsToKeep is null ? null : new HostTensor(graph.LogitsToKeep, graph.LogitsToKeep.Dimensions is [_] ? 1 : 0);
        Inputs = [.. new[] { Ids, Mask, Positions, LastPositions, TotalLength, LogitsToKeep }.OfType<HostTensor>()];
    }

    public HostTensor Ids { get; }

    public HostTensor Logits { get; }

    public HostTensor? Mask { get; }

    public HostTensor? Positions { get; }

    public HostTensor? LastPositions { get; }

    public HostTensor? TotalLength { get; }

    public HostTensor? LogitsToKeep { get; }

    public HostTensor[] Inputs { get; }

    /// <summary>Sets the shapes of all tensors for a run. The caller fills ids, mask and positions.</summary>
    /// <param name="batch">Number of rows.</param>
    /// <param name="sequence">Columns of the ids.</param>
    /// <param name="total">Columns of the mask.</param>
    /// <param name="lastColumn">Whether only the logits of the last column are needed.</param>
    public void Shape(int batch, int sequence, int total, bool lastColumn)
    {
        Ids.Reshape(batch, sequence);
        Mask?.Reshape(batch, total);
        Positions?.Reshape(batch, sequence);
        LastPositions?.Reshape(batch);
        if (TotalLength is { } length)
        {
            length.Reshape();
            length.Set(0, total);
        }

        _columns = sequence;
        if (LogitsToKeep is { } keep)
        {
            keep.Reshape();
            keep.Set(0, lastColumn ? 1 : 0);
            if (lastColumn)
                _columns = 1;
        }

        if (_lastOnly)
            _columns = 1;
        Logits.Reshape(batch, _columns, _vocabulary);
    }

    /// <summary>Reads the logits after a column. The last column is <c>sequence - 1</c>.</summary>
    public void ReadLogits(int row, int column, Span<float> target) =>
        Logits.Read((((long)row * _columns) + Math.Min(column, _columns - 1)) * _vocabulary, target);

    public void Dispose()
    {
        foreach (var input in Inputs)
            input.Dispose();
        Logits.Dispose();
    }
}
