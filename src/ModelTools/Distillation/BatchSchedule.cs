namespace Meridian.ModelTools.Distillation;

/// <summary>
/// Which texts make which update. Every epoch takes each text once, in an order of its own; texts of like length come together, so that little is padding, and short
/// and long batches follow each other at random. A function of lengths, size and seed alone: whoever goes on at a step gets the batch that would have come.
/// </summary>
public sealed class BatchSchedule
{
    // Texts that are sorted by length together, as batches: more would tie a text to its like in every epoch.
    private const int Pool = 32;

    private readonly int[] _lengths;
    private readonly int _tokens;
    private readonly int _seed;
    private readonly List<int[][]> _epochs = [];

    /// <param name="lengths">Tokens of the texts.</param>
    /// <param name="tokens">Most tokens of a batch, padding included; a longer text is a batch alone.</param>
    /// <param name="seed">Of the order.</param>
    /// <exception cref="ArgumentException">There is no text.</exception>
    public BatchSchedule(IEnumerable<int> lengths, int tokens, int seed)
    {
        _lengths = [.. lengths];
        if (_lengths.Length == 0)
            throw new ArgumentException("There is no text to train on.", nameof(lengths));
        (_tokens, _seed) = (tokens, seed);
    }

    /// <summary>Texts of an update.</summary>
    /// <param name="step">From 0.</param>
    /// <returns>Numbers of texts.</returns>
    public int[] At(int step)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        for (var epoch = 0; ; epoch++)
        {
            if (epoch == _epochs.Count)
                _epochs.Add(Epoch(epoch));
            if (step < _epochs[epoch].Length)
                return _epochs[epoch][step];
            step -= _epochs[epoch].Length;
        }
    }

    private int[][] Epoch(int epoch)
    {
#pragma warning disable CA5394 // An order, no secret.
        var random = new Random(unchecked((_seed * 7919) + epoch));
        var order = Enumerable.Range(0, _lengths.Length).ToArray();
        random.Shuffle(order);
        var pool = Math.Max(1, (int)(Pool * (long)_tokens / Math.Max(1, (long)_lengths.Average())));
        var batches = new List<int[]>();
        foreach (var texts in order.Chunk(pool))
        {
            Array.Sort(texts, (a, b) => _lengths[a] != _lengths[b] ? _lengths[a].CompareTo(_lengths[b]) : a.CompareTo(b));
            for (var first = 0; first < texts.Length;)
            {
                // Ascending: the last one of a batch is its longest.
                var end = first + 1;
                while (end < texts.Length && (long)_lengths[texts[end]] * (end + 1 - first) <= _tokens)
                    end++;
                batches.Add(texts[first..end]);
                first = end;
            }
        }

        var shuffled = batches.ToArray();
        random.Shuffle(shuffled);
#pragma warning restore CA5394
        return shuffled;
    }
}
