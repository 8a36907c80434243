using Meridian.Inference.Decoders.Graphs;

namespace Meridian.Inference.Decoders.Caches;

/// <summary>Everything that a run is given and gives but keys and values. One set serves all runs of a stage.</summary>
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

    /// <summary>Shapes everything for a run; the caller fills ids, mask and positions.</summary>
    /// <param name="batch">Rows.</param>
    /// <param name="sequence">Columns of ids.</param>
    /// <param name="total">Columns of the mask.</param>
    /// <param name="lastColumn">Whether no logits but the last column's are wanted.</param>
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

    /// <summary>The logits after a column; the last column is <c>sequence - 1</c>.</summary>
    public void ReadLogits(int row, int column, Span<float> target) =>
        Logits.Read((((long)row * _columns) + Math.Min(column, _columns - 1)) * _vocabulary, target);

    public void Dispose()
    {
        foreach (var input in Inputs)
            input.Dispose();
        Logits.Dispose();
    }
}
