using System.Numerics;
using Meridian.Inference.Decoders;
using Meridian.Inference.Decoders.Contract;

namespace Meridian.Inference.Tests.Engines.Generation;

/// <summary>
/// A stage whose distribution after some ids is a function of exactly these ids, so that a wrong token anywhere in a slot shows in everything that follows.
/// Checks that it is called as the contract says and keeps count.
/// </summary>
/// <param name="slots">Sequences at once.</param>
/// <param name="context">Most tokens of one.</param>
/// <param name="roles">
/// Whether a token that is computed alone counts as another than in a piece of several, as in <c>GroupQueryAttention</c>: then a wrong history shows in everything that follows, too.
/// </param>
internal sealed class ScriptedStage(int slots, int context = 512, bool roles = false) : IDecoderStage
{
    /// <summary>With roles: tokens that attention computes together; the last of one more is computed alone.</summary>
    public const int Block = 8;

    /// <summary>Added to an id that was computed alone.</summary>
    public const int Alone = 1 << 20;

    public const int Vocabulary = 300;
    public const int BytesPerToken = 8;

    private readonly List<int>[] _held = [.. Enumerable.Range(0, slots).Select(_ => new List<int>())];
    private readonly SemaphoreSlim _entered = new(0);
    private readonly SemaphoreSlim _open = new(0);
    private volatile bool _gated;
    private int? _thread;

    public DecoderShape Shape { get; } = new()
    {
        Layout = roles ? KvLayout.Shared : KvLayout.Concatenated,
        Layers = 1,
        KvHeads = 1,
        HeadDimension = roles ? Block / 2 : 1,
        Vocabulary = Vocabulary,
        ContextLength = context,
        ElementSize = roles ? 1 : BytesPerToken / 2,
    };

    public int Slots => slots;

    /// <value>Called with the rows of every run, before it.</value>
    public Action<DecoderRow[]>? Running { get; set; }

    /// <value>Called with each row of a run and the first id of its text, before anything is computed.</value>
    public Action<DecoderRow, int>? Computing { get; set; }

    /// <value>Called before every copy.</value>
    public Action? Copying { get; set; }

    /// <value>Called when a slot has been emptied.</value>
    public Action? Released { get; set; }

    /// <value>First violation of the contract, or null.</value>
    public string? Violation { get; private set; }

    public int Runs { get; private set; }

    public long TokensRun { get; private set; }

    public int Copies { get; private set; }

    /// <value>Most tokens that all slots held together.</value>
    public long MostHeld { get; private set; }

    public bool Disposed { get; private set; }

    /// <value>Ids that each run computed, row by row.</value>
    public List<int[][]> History { get; } = [];

    /// <summary>From now on runs wait until the test lets them.</summary>
    public void Close() => _gated = true;

    /// <summary>Lets runs through.</summary>
    public void Let(int runs) => _open.Release(runs);

    /// <summary>Lets every run through from now on.</summary>
    public void Open()
    {
        _gated = false;
        _open.Release(1);
    }

    /// <summary>Waits until a run waits at the gate, or has gone through it.</summary>
    public Task EnteredAsync() => _entered.WaitAsync(TestContext.Current.CancellationToken);

    /// <summary>Forgets what was counted.</summary>
    public void Reset()
    {
        Runs = 0;
        TokensRun = 0;
        Copies = 0;
        MostHeld = 0;
        History.Clear();
    }

    /// <summary>The distribution after some ids.</summary>
    public static float[] Logits(IReadOnlyList<int> ids)
    {
        ulong hash = 14695981039346656037;
        foreach (var id in ids)
            hash = (hash ^ (uint)id) * 1099511628211;
        var logits = new float[Vocabulary];
        for (var i = 0; i < logits.Length; i++)
        {
            var x = (hash + ((ulong)i * 0x9E3779B97F4A7C15)) * 0xBF58476D1CE4E5B9;
            x = BitOperations.RotateLeft(x ^ (x >> 31), 17) * 0x94D049BB133111EB;
            logits[i] = (x >> 40) * (8f / (1 << 24));
        }

        return logits;
    }

    public void Forward(ReadOnlySpan<DecoderRow> rows, ReadOnlySpan<int> ids, Span<float> logits)
    {
        OneThread();
        Running?.Invoke(rows.ToArray());
        if (_gated)
        {
            _entered.Release();
            _open.Wait();
        }

        if (Computing is { } computing)
        {
            foreach (var row in rows)
                computing(row, row.Start == 0 ? ids[row.First] : _held[row.Slot][0]);
        }

        var seen = new HashSet<int>();
        var at = 0;
        Runs++;
        History.Add(new int[rows.Length][]);
        for (var i = 0; i < rows.Length; i++)
        {
            var row = rows[i];
            Check(seen.Add(row.Slot), $"slot {row.Slot} twice in a run");
            Check(row.Count >= 1, $"{row} is empty");
            var held = _held[row.Slot];
            Check(held.Count == row.Start, $"{row} begins where its slot holds {held.Count}");
            Check(row.Start + row.Count <= Shape.ContextLength, $"{row} exceeds the context");
            var taken = ids.Slice(row.First, row.Count).ToArray();
            held.AddRange(taken);
            if (roles && row.Count % Block == 1)
                held[^1] += Alone;
            History[^1][i] = taken;
            TokensRun += row.Count;
            if (row.WantsLogits)
                Logits(held).CopyTo(logits[(at++ * Vocabulary)..]);
        }

        MostHeld = Math.Max(MostHeld, _held.Sum(h => (long)h.Count));
    }

    public int Length(int slot) => _held[slot].Count;

    public void Truncate(int slot, int length)
    {
        OneThread();
        Check(length <= _held[slot].Count, $"truncated slot {slot} of {_held[slot].Count} to {length}");
        _held[slot].RemoveRange(length, _held[slot].Count - length);
    }

    public void Copy(int source, int target, int length)
    {
        OneThread();
        Copying?.Invoke();
        Copies++;
        Check(source != target && length <= _held[source].Count, $"copied {length} of {_held[source].Count} tokens from slot {source} to {target}");
        _held[target].Clear();
        _held[target].AddRange(_held[source].GetRange(0, length));
        MostHeld = Math.Max(MostHeld, _held.Sum(h => (long)h.Count));
    }

    public void Release(int slot)
    {
        OneThread();
        _held[slot].Clear();
        Released?.Invoke();
    }

    public void Dispose()
    {
        Check(!Disposed, "disposed twice");
        Disposed = true;
    }

    private void OneThread()
    {
        // Warming up is another thread's work; the engine's own begins after Reset.
        if (Runs == 0)
            _thread = Environment.CurrentManagedThreadId;
        Check(_thread is null || _thread == Environment.CurrentManagedThreadId || Runs == 0, "called by two threads");
        Check(!Disposed, "called after disposal");
    }

    private void Check(bool condition, string violation)
    {
        if (!condition)
            Violation ??= violation;
    }
}
