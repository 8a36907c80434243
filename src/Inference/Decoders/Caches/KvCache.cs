using Meridian.Inference.Decoders.Contract;
using Meridian.Inference.Decoders.Graphs;
using Meridian.Inference.Sessions;
using Microsoft.ML.OnnxRuntime;

namespace Meridian.Inference.Decoders.Caches;

/// <summary>
/// Keys and values of a stage in one layout, and how rows are split into runs over them. Arguments have been checked. After an exception the slots of the
/// call's rows hold nothing of use and must be released; others are as before.
/// </summary>
internal abstract class KvCache : IDisposable
{
    // Rows beside each other cost their padding, rows apart cost reading the weights again: a quarter of padding is the break-even of small models.
    private const int PaddingShare = 4;
    private const int GroupTokens = 1024;
    private const int ShortPrompt = 16;
    private readonly int[] _fresh;
    private readonly IComparer<int> _longestFirst;
    private DecoderRow[] _rows;
    private int[] _logitsAt;

    protected KvCache(DecoderGraph graph, OnnxSession session, int slots)
    {
        Graph = graph;
        Session = session.Session;
        Tensors = new RunTensors(graph);
        Lengths = new int[slots];
        _fresh = new int[slots];
        _rows = new DecoderRow[slots];
        _logitsAt = new int[slots];
        Group = new int[slots];
        _longestFirst = Comparer<int>.Create((a, b) => _rows[b].Count.CompareTo(_rows[a].Count));
    }

    /// <value>Tokens that each slot holds.</value>
    public int[] Lengths { get; }

    /// <inheritdoc cref="IDecoderStage.PairsLoneRows"/>
    public virtual bool PairsLoneRows
    {
        get => false;
        set { }
    }

    protected DecoderGraph Graph { get; }

    protected InferenceSession Session { get; }

    protected RunOptions Options { get; } = new();

    protected RunTensors Tensors { get; }

    /// <value>Indices of the rows of the run in hand.</value>
    protected int[] Group { get; }

    public void Forward(ReadOnlySpan<DecoderRow> rows, ReadOnlySpan<int> ids, Span<float> logits)
    {
        var steps = 0;
        var fresh = 0;
        var wanted = 0;
        for (var i = 0; i < rows.Length; i++)
        {
            var row = _rows[i] = rows[i];
            _logitsAt[i] = row.WantsLogits ? wanted++ : -1;
            if (row.Start == 0)
                _fresh[fresh++] = i;
            else if (row.Count == 1 && Graph.TakesPadding)
                Group[steps++] = i;
        }

        // Running sequences wait for nobody's prompt within a call, so they come first.
        if (steps > 0)
            Step(steps, ids, logits);
        if (fresh > 1)
            Array.Sort(_fresh, 0, fresh, _longestFirst);
        for (var at = 0; at < fresh;)
        {
            var longest = _rows[_fresh[at]].Count;
            var tokens = 0;
            var size = 0;
            for (; at + size < fresh; size++)
            {
                var count = _rows[_fresh[at + size]].Count;
                var padded = (size + 1) * longest;
                if (size > 0 && (padded > GroupTokens || (padded - tokens - count) * PaddingShare > padded || (count != longest && !Mixes(longest)) || Parts(count, longest)))
                    break;
                tokens += count;
            }

            Array.Copy(_fresh, at, Group, 0, size);
            at += size;
            Begin(size, longest, ids, logits);
        }

        for (var i = 0; i < rows.Length; i++)
        {
            if (_rows[i].Start > 0 && (_rows[i].Count > 1 || !Graph.TakesPadding))
                Continue(i, ids, logits);
        }
    }

    // Where tokens stand first in their row, different lengths end in different columns, and a graph that could give the last column's logits alone has to give all of them:
    // for long prompts that is more work and memory than running them apart. One that never gives others gives a shorter row's padding.
    private bool Mixes(int longest) =>
        Graph.TakesPadding && (Graph.Shape.Layout != KvLayout.Shared || (!Graph.LastLogitsOnly && (Graph.LogitsToKeep is null || longest <= ShortPrompt)));

    // A prompt of one token is computed alone, whatever comes with it: attention over several tokens gives other bits. Where lone rows are paired, a prompt's last column
    // is a lone row in the output layer, so prompts do not share a run at all.
    private bool Parts(int count, int longest) => PairsLoneRows || (count == 1 && longest > 1);

    public abstract void Truncate(int slot, int length);

    public abstract void Copy(int source, int target, int length);

    public abstract void Release(int slot);

    public virtual void Dispose()
    {
        Tensors.Dispose();
        Options.Dispose();
    }

    /// <summary>One more token for each of the rows in <see cref="Group"/>, which hold some.</summary>
    protected abstract void Step(int size, ReadOnlySpan<int> ids, Span<float> logits);

    /// <summary>The rows in <see cref="Group"/>, which hold nothing yet, longest first.</summary>
    protected abstract void Begin(int size, int longest, ReadOnlySpan<int> ids, Span<float> logits);

    /// <summary>Some more tokens of one row, which holds some.</summary>
    protected abstract void Continue(int index, ReadOnlySpan<int> ids, Span<float> logits);

    protected ref readonly DecoderRow Row(int index) => ref _rows[index];

    /// <summary>Takes a row's logits where they are wanted.</summary>
    /// <param name="index">Of the row in the call.</param>
    /// <param name="batchRow">Of the row in the run.</param>
    /// <param name="column">Of its last token in the run.</param>
    /// <param name="logits">Of the call.</param>
    protected void TakeLogits(int index, int batchRow, int column, Span<float> logits)
    {
        var vocabulary = Graph.Shape.Vocabulary;
        if (_logitsAt[index] >= 0)
            Tensors.ReadLogits(batchRow, column, logits.Slice(_logitsAt[index] * vocabulary, vocabulary));
    }
}
