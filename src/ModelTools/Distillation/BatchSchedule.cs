namespace Meridian.ModelTools.Distillation;

/// <summary>
/// Assigns texts to updates. Each epoch uses every text once, in its own order. A batch holds texts of similar length, so that it needs little padding. Short and
/// long batches follow each other at random. The result depends only on lengths, size and seed, so a training that continues at a step gets the same batches.
/// </summary>
public sealed class BatchSchedule
{
    // Number of batches whose texts are sorted by length together. With more, the same texts would share a batch in every epoch.
    private const int Pool = 32;

    private readonly int[] _lengths;
    private readonly int _tokens;
    private readonly int _seed;
    private readonly List<int[][]> _epochs = [];

    /// <param name="lengths">Number of tokens of each text.</param>
    /// <param name="tokens">Maximum number of tokens in a batch, with padding. A longer text is a batch of its own.</param>
    /// <param name="seed">Seed of the order.</param>
    /// <exception cref="ArgumentException">There is no text.</exception>
    public BatchSchedule(IEnumerable<int> lengths, int tokens, int seed)
    {
        _lengths = [.. lengths];
        if (_lengths.Length == 0)
            throw new ArgumentException("There is no text to train on.", nameof(lengths));
        (_tokens, _seed) = (tokens, seed);
    }

    /// <summary>Texts of an update.</summary>
    /// <param name="step">Number of the update, from 0.</param>
    /// <returns>The indices of the texts in the batch.</returns>
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
                // The lengths are ascending, so the last text of a batch is its longest.
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
