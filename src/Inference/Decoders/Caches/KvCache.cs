using Meridian.Inference.Decoders.Contract;
using Meridian.Inference.Decoders.Graphs;
using Meridian.Inference.Sessions;
using Microsoft.ML.OnnxRuntime;

namespace Meridian.Inference.Decoders.Caches;

/// <summary>
/// The keys and values of a stage in one layout, and the rule that splits the rows of a call into runs. Callers have checked the arguments. After an exception
/// the slots of the call's rows hold nothing useful and must be released; other slots are unchanged.
/// </summary>
internal abstract class KvCache : IDisposable
{
    // Rows in one run cost padding. Rows in separate runs cost one more reading of the weights. For small models the two are equal at one quarter of padding.
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

    /// <value>Indices of the rows of the current run.</value>
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

        // Running sequences come first, so that they do not wait for another sequence's prompt within a call.
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

    // In the shared layout padding follows the tokens, so rows of different lengths end in different columns. A graph with <c>LogitsToKeep</c> then has to
    // compute the logits of all columns instead of the last one. For long prompts that takes more work and memory than separate runs. A graph that only returns
    // the last column's logits would return those of the padding for a shorter row.
    private bool Mixes(int longest) =>
        Graph.TakesPadding && (Graph.Shape.Layout != KvLayout.Shared || (!Graph.LastLogitsOnly && (Graph.LogitsToKeep is null || longest <= ShortPrompt)));

    // A prompt of one token always runs alone, because attention over several tokens gives different bits. If lone rows are paired, prompts never share a run,
    // because a prompt's last column is a lone row in the output layer.
    private bool Parts(int count, int longest) => PairsLoneRows || (count == 1 && longest > 1);

    public abstract void Truncate(int slot, int length);

    public abstract void Copy(int source, int target, int length);

    public abstract void Release(int slot);

    public virtual void Dispose()
    {
        Tensors.Dispose();
        Options.Dispose();
    }

    /// <summary>Computes one more token for each row in <see cref="Group"/>. Each of these rows already holds tokens.</summary>
    protected abstract void Step(int size, ReadOnlySpan<int> ids, Span<float> logits);

    /// <summary>Computes the first tokens of the rows in <see cref="Group"/>. These rows are empty and sorted by length, longest first.</summary>
    protected abstract void Begin(int size, int longest, ReadOnlySpan<int> ids, Span<float> logits);

    /// <summary>Computes more tokens of one row that already holds tokens.</summary>
    protected abstract void Continue(int index, ReadOnlySpan<int> ids, Span<float> logits);

    protected ref readonly DecoderRow Row(int index) => ref _rows[index];

    /// <summary>Copies a row's logits to the output, if the caller wants them.</summary>
    /// <param name="index">Index of the row in the call.</param>
    /// <param name="batchRow">Index of the row in the run.</param>
    /// <param name="column">Column of the row's last token in the run.</param>
    /// <param name="logits">The output of the call.</param>
    protected void TakeLogits(int index, int batchRow, int column, Span<float> logits)
    {
        var vocabulary = Graph.Shape.Vocabulary;
        if (_logitsAt[index] >= 0)
            Tensors.ReadLogits(batchRow, column, logits.Slice(_logitsAt[index] * vocabulary, vocabulary));
    }
}
