namespace Meridian.Jinja.Texts;

/// <summary>
/// A text with the origin of each of its characters: the template or the caller. Two texts are equal if their characters are equal; the origin does not count.
/// </summary>
/// <remarks>
/// Only characters of the template may form a special token, so a wrong origin is a security hole. The rule: a character belongs to the template only if it was
/// copied from a text of the template, or if the template's own filter, operator or value produced it (a bracket of <c>tojson</c>, the digits of
/// <c>loop.index</c>). A text of unknown origin belongs to the caller.
/// </remarks>
public sealed class TrackedText : IEquatable<TrackedText>
{
    private static readonly int[] None = [];

    // Indices in ascending order. The template's characters are those from the first border to before the second, from the third to before the fourth, and so
    // on.
    private readonly int[] _borders;

    internal TrackedText(string value, int[] borders)
    {
        Value = value;
        _borders = borders;
    }

    public static TrackedText Empty { get; } = new("", None);

    public string Value { get; }

    /// <value>Number of UTF-16 code units.</value>
    public int Length => Value.Length;

    public ReadOnlySpan<int> Borders => _borders;

    public bool IsWhollyOfTemplate => Length == 0 || _borders is [0, var end] && end == Length;

    public static TrackedText OfTemplate(string value) => value.Length == 0 ? Empty : new TrackedText(value, [0, value.Length]);

    public static TrackedText OfCaller(string value) => value.Length == 0 ? Empty : new TrackedText(value, None);

    public bool IsOfTemplate(int at)
    {
        var found = Array.BinarySearch(_borders, at);

        // If at is a border, it is in a part of the template if that border begins one. Otherwise ~found is the next border, and it must end a part of the
        // template.
        return found >= 0 ? found % 2 == 0 : ~found % 2 == 1;
    }

    public TrackedText Slice(int start, int length)
    {
        if (length == 0)
            return Empty;
        if (length == Length)
            return this;
        var value = Value.Substring(start, length);
        if (_borders.Length == 0)
            return new TrackedText(value, None);
        var end = start + length;
        var borders = new List<int>();
        for (var i = FirstPartEndingAfter(start); i < _borders.Length && _borders[i] < end; i += 2)
        {
            borders.Add(Math.Max(_borders[i], start) - start);
            borders.Add(Math.Min(_borders[i + 1], end) - start);
        }

        return new TrackedText(value, borders.Count == 0 ? None : [.. borders]);
    }

    public TrackedText this[Range range]
    {
        get
        {
            var (start, length) = range.GetOffsetAndLength(Length);
            return Slice(start, length);
        }
    }

    /// <summary>
    /// The same text in other letters. If the number of letters differs, the origin of each letter is unknown, so the whole text belongs to the caller.
    /// </summary>
    public TrackedText As(string letters) => letters.Length == Length ? new TrackedText(letters, _borders) : OfCaller(letters);

    public TrackedText ToUpper() => As(Value.ToUpperInvariant());

    public TrackedText ToLower() => As(Value.ToLowerInvariant());

    public bool Equals(TrackedText? other) => other is not null && Value == other.Value;

    public override bool Equals(object? obj) => Equals(obj as TrackedText);

    public override int GetHashCode() => Value.GetHashCode(StringComparison.Ordinal);

    public override string ToString() => Value;

    // Returns the even index of the first part of the template that ends after place.
    private int FirstPartEndingAfter(int place)
    {
        var (low, high) = (0, _borders.Length / 2);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_borders[(middle * 2) + 1] > place)
                high = middle;
            else
                low = middle + 1;
        }

        return low * 2;
    }
}
