namespace Meridian.Inference.Sampling;

/// <summary>
/// Ends a text before its first complete stop string, even if the text arrives in pieces. If several strings complete at the same character, the longest one
/// counts. Text that may become a stop string is held back. Not thread-safe.
/// </summary>
/// <remarks>
/// Knuth, Morris and Pratt (1977), with one automaton for each string: linear in the length of the text. The failure function is computed only as far as a
/// match has come, so long strings that do not occur take no memory. The held text is a prefix of one of the strings, so it needs no buffer.
/// A string with half a character (an unpaired surrogate) never occurs in a text and is ignored.
/// </remarks>
public sealed class StopMatcher
{
    private readonly Pattern[] _patterns;
    private string _heldIn = "";
    private int _held;
    private bool _stopped;

    /// <exception cref="ArgumentException">A string is empty.</exception>
    public StopMatcher(IReadOnlyList<string> stops)
    {
        ArgumentNullException.ThrowIfNull(stops);
        var patterns = new List<Pattern>(stops.Count);
        foreach (var stop in stops)
        {
            ArgumentException.ThrowIfNullOrEmpty(stop, nameof(stops));
            if (IsSound(stop))
                patterns.Add(new Pattern(stop));
        }

        _patterns = [.. patterns];
    }

    /// <summary>Adds the next piece of the text.</summary>
    /// <param name="text">Must consist of whole characters.</param>
    /// <param name="stopped">Whether a stop string is complete. All later pieces are then ignored.</param>
    /// <returns>Text that can be released now: neither part of a stop string nor its possible beginning.</returns>
    public string Append(string text, out bool stopped)
    {
        ArgumentNullException.ThrowIfNull(text);
        stopped = _stopped;
        if (_stopped)
            return "";
        if (_patterns.Length == 0)
            return text;

        for (var at = 0; at < text.Length; at++)
        {
            var matched = 0;
            foreach (var pattern in _patterns)
            {
                if (pattern.Advance(text[at]))
                    matched = Math.Max(matched, pattern.Text.Length);
            }

            if (matched > 0)
            {
                stopped = _stopped = true;
                var before = Released(text, _held + at + 1 - matched);
                _held = 0;
                return before;
            }
        }

        var longest = _patterns[0];
        foreach (var pattern in _patterns)
        {
            if (pattern.State > longest.State)
                longest = pattern;
        }

        var released = Released(text, _held + text.Length - longest.State);
        _heldIn = longest.Text;
        _held = longest.State;
        return released;
    }

    /// <summary>Ends the text and returns the held text.</summary>
    public string Flush()
    {
        var rest = _heldIn[.._held];
        _held = 0;
        foreach (var pattern in _patterns)
            pattern.Reset();
        return rest;
    }

    // The first `length` characters of the held text and the new text together.
    private string Released(string text, int length)
    {
        if (_held == 0)
            return length == text.Length ? text : text[..length];
        return length <= _held ? _heldIn[..length] : string.Concat(_heldIn.AsSpan(0, _held), text.AsSpan(0, length - _held));
    }

    private static bool IsSound(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i]))
                continue;
            if (!char.IsHighSurrogate(text[i]) || i + 1 == text.Length || !char.IsLowSurrogate(text[++i]))
                return false;
        }

        return true;
    }

    private sealed class Pattern(string text)
    {
        // At index i: length of the longest proper prefix of the first i + 1 characters that is also their suffix.
        private readonly List<int> _failures = [0];

        public string Text { get; } = text;

        /// <value>Number of leading characters of the string that the text so far ends with.</value>
        public int State { get; private set; }

        public bool Advance(char next)
        {
            while (State > 0 && Text[State] != next)
                State = Failure(State - 1);
            if (Text[State] == next)
                State++;
            return State == Text.Length;
        }

        public void Reset() => State = 0;

        private int Failure(int index)
        {
            while (_failures.Count <= index)
            {
                var next = Text[_failures.Count];
                var length = _failures[^1];
                while (length > 0 && Text[length] != next)
                    length = _failures[length - 1];
                _failures.Add(Text[length] == next ? length + 1 : 0);
            }

            return _failures[index];
        }
    }
}
