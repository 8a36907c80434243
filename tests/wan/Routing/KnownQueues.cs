namespace Meridian.Wan.Routing;

/// <summary>
/// Every text that is being written in every region, with its length and how far it is: more than any edge can know. From it follows when a text would end in a region,
/// if nothing came after it.
/// </summary>
/// <param name="stepMs">Milliseconds of a step that writes one token of a single text.</param>
/// <param name="perTextMs">Milliseconds that each text beside it adds to a step.</param>
internal sealed class KnownQueues(double stepMs, double perTextMs)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, HashSet<Text>> _regions = [];

    /// <summary>Chooses the region where a text ends first, and counts the text there.</summary>
    /// <param name="regions">Regions with the milliseconds of their round trip.</param>
    /// <param name="tokens">Tokens of the text.</param>
    public Text Begin(IEnumerable<(string Name, double RoundTripMs)> regions, int tokens)
    {
        lock (_gate)
        {
            var (region, _) = regions.MinBy(region => region.RoundTripMs + ServiceMs(region.Name, tokens));
            var text = new Text(region, tokens);
            Of(region).Add(text);
            return text;
        }
    }

    /// <summary>A text has ended, well or badly.</summary>
    public void End(Text text)
    {
        lock (_gate)
        {
            Of(text.Region).Remove(text);
        }
    }

    /// <summary>Milliseconds that a region needs for a text beside those that it writes now: each step lasts as long as there are texts in it.</summary>
    internal double ServiceMs(string region, int tokens)
    {
        var left = Of(region).Select(text => text.Left).Where(left => left > 0).Order().ToArray();
        var (ms, written) = (0.0, 0);
        for (var i = 0; i <= left.Length && written < tokens; i++)
        {
            var until = i < left.Length ? Math.Min(left[i], tokens) : tokens;
            ms += (until - written) * (stepMs + (perTextMs * (left.Length - i)));
            written = until;
        }

        return ms;
    }

    private HashSet<Text> Of(string region)
    {
        if (!_regions.TryGetValue(region, out var texts))
        {
            texts = _regions[region] = [];
        }

        return texts;
    }

    /// <summary>One text.</summary>
    internal sealed class Text(string region, int tokens)
    {
        private int _left = tokens;

        public string Region => region;

        /// <value>Tokens that are still to come.</value>
        public int Left => Volatile.Read(ref _left);

        /// <summary>A token has come.</summary>
        public void Advance() => Interlocked.Decrement(ref _left);
    }
}
