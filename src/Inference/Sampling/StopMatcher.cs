namespace Meridian.Inference.Sampling;

/// <summary>
/// Ends a text before the first of its stop strings to be complete (the longest of those that are complete at once), wherever the text is cut into pieces.
/// What may become a stop string is kept back. One thread at a time.
/// </summary>
/// <remarks>
/// Knuth, Morris and Pratt (1977), one automaton a string: linear in the text and, since the failure function is only computed as far as a match has come,
/// no memory for long strings that do not occur. What is kept back is a prefix of one of the strings, so it needs no buffer.
/// A string with half a character (an unpaired surrogate) never occurs in a text and is left out.
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

    /// <summary>Takes the next piece of the text.</summary>
    /// <param name="text">Whole characters.</param>
    /// <param name="stopped">Whether a stop string is complete. All later pieces are then ignored.</param>
    /// <returns>What is certain now: neither part of a stop string nor the possible beginning of one.</returns>
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

    /// <summary>The text has ended: what was kept back.</summary>
    public string Flush()
    {
        var rest = _heldIn[.._held];
        _held = 0;
        foreach (var pattern in _patterns)
            pattern.Reset();
        return rest;
    }

    // The first `length` characters of what was kept back and the text together.
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
        // The longest proper prefix of the first i + 1 characters that ends them, too.
        private readonly List<int> _failures = [0];

        public string Text { get; } = text;

        /// <value>Characters of the string that end the text so far.</value>
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
