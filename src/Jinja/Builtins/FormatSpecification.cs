using System.Globalization;
using Meridian.Jinja.Objects;
using Meridian.Jinja.Texts;

namespace Meridian.Jinja.Builtins;

/// <summary>Python's format specification: <c>[[fill]align][sign][#][0][width][,][.precision][type]</c>.</summary>
internal readonly ref struct FormatSpecification
{
    private readonly string _source;
    private readonly string _fill;
    private readonly char _align;
    private readonly char _sign;
    private readonly bool _alternate;
    private readonly bool _zeros;
    private readonly int _width;
    private readonly char _group;
    private readonly int? _precision;
    private readonly char _type;

    private FormatSpecification(string source)
    {
        _source = source;
        _fill = " ";
        var at = 0;
        var wide = source.Length > 0 ? Sequences.Width(source, 0) : 0;
        if (source.Length > wide && IsAlign(source[wide]))
        {
            (_fill, _align) = (source[..wide], source[wide]);
            at = wide + 1;
        }
        else if (source.Length > 0 && IsAlign(source[0]))
        {
            _align = source[at++];
        }

        if (at < source.Length && source[at] is '+' or '-' or ' ')
            _sign = source[at++];
        if (at < source.Length && source[at] == '#')
            (_alternate, at) = (true, at + 1);
        if (at < source.Length && source[at] == '0')
            (_zeros, at) = (true, at + 1);
        _width = Number(source, ref at) ?? 0;
        if (at < source.Length && source[at] is ',' or '_')
            _group = source[at++];
        if (at < source.Length && source[at] == '.')
        {
            at++;
            _precision = Number(source, ref at) ?? throw Wrong(source);
        }

        if (at < source.Length)
            _type = source[at++];
        if (at < source.Length)
            throw Wrong(source);
    }

    /// <exception cref="TemplateFailure">The specification is invalid, or does not apply to values of this kind.</exception>
    public static TrackedText Apply(string specification, object? value, Budget budget)
    {
        if (specification.Length == 0)
            return Values.Text(value, budget);
        var format = new FormatSpecification(specification);
        return value switch
        {
            TrackedText text when format._type is 's' or '\0' => format.Text(text, budget),
            long or bool when format._type is 'd' or 'x' or 'X' or 'o' or 'b' or '\0' => format.Whole(Values.Integer(value), budget),
            long or bool or double when Values.TryNumber(value, out var number) => format.Real(number, budget),
            _ => throw new TemplateFailure($"format() has no '{specification}' for {Values.Kind(value)}"),
        };
    }

    private static bool IsAlign(char sign) => sign is '<' or '>' or '^' or '=';

    private static TemplateFailure Wrong(string source) => new($"'{source}' is no format that is supported");

    private static int? Number(string source, ref int at)
    {
        var begin = at;
        while (at < source.Length && char.IsAsciiDigit(source[at]))
            at++;
        if (begin == at)
            return null;
        return int.TryParse(source.AsSpan(begin, at - begin), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= Budget.Largest ? number : throw Wrong(source);
    }

    private TrackedText Text(TrackedText text, Budget budget)
    {
        if (_sign != '\0' || _alternate || _group != '\0' || _align == '=')
            throw Wrong(_source);
        if (_precision is { } most)
            text = (TrackedText)Sequences.Slice(text, null, (long)most, null, budget)!;
        return Padded(TrackedText.Empty, text, '<', budget);
    }

    private TrackedText Whole(long number, Budget budget)
    {
        if (_precision is not null)
            throw Wrong(_source);
        var size = number < 0 ? (ulong)-(number + 1) + 1 : (ulong)number;
        var digits = _type switch
        {
            'x' => size.ToString("x", CultureInfo.InvariantCulture),
            'X' => size.ToString("X", CultureInfo.InvariantCulture),
            'o' => Convert.ToString((long)size, 8),
            'b' => Convert.ToString((long)size, 2),
            _ => size.ToString(CultureInfo.InvariantCulture),
        };
        var prefix = _alternate && _type is 'x' or 'X' or 'o' or 'b' ? "0" + _type : "";
        return Padded(TrackedText.OfTemplate(Sign(number < 0) + prefix), TrackedText.OfTemplate(Grouped(digits)), '>', budget);
    }

    private TrackedText Real(double number, Budget budget)
    {
        if (_alternate || _precision is > 100)
            throw Wrong(_source);
        var size = Math.Abs(number);
        var digits = _type switch
        {
            'f' or 'F' => size.ToString("F" + (_precision ?? 6).ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture),
            '%' => (size * 100).ToString("F" + (_precision ?? 6).ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture) + "%",
            '\0' when _precision is null => Values.Float(size),
            _ => throw Wrong(_source),
        };
        return Padded(TrackedText.OfTemplate(Sign(double.IsNegative(number))), TrackedText.OfTemplate(Grouped(digits)), '>', budget);
    }

    private string Sign(bool negative) => negative ? "-" : _sign switch { '+' => "+", ' ' => " ", _ => "" };

    private string Grouped(string digits)
    {
        if (_group == '\0')
            return digits;
        var whole = digits.AsSpan().IndexOfAny('.', '%') is >= 0 and var end ? end : digits.Length;
        for (var at = whole - 3; at > 0; at -= 3)
            digits = digits.Insert(at, _group.ToString());
        return digits;
    }

    private TrackedText Padded(TrackedText sign, TrackedText text, char otherwise, Budget budget)
    {
        var missing = _width - (sign.Length + Sequences.Length(text, budget));
        if (missing <= 0)
            return new TrackedBuilder().Append(sign).Append(text).Build();
        budget.Characters(_width);
        var align = _align != '\0' ? _align : _zeros && otherwise == '>' ? '=' : otherwise;
        var fill = TrackedText.OfTemplate(_zeros && _align == '\0' ? "0" : _fill);
        var left = align switch { '<' => 0, '^' => missing / 2, _ => missing };
        var padded = new TrackedBuilder();
        if (align == '=')
            padded.Append(sign);
        Fill(left);
        if (align != '=')
            padded.Append(sign);
        padded.Append(text);
        Fill(missing - left);
        return padded.Build();

        void Fill(long count)
        {
            for (; count > 0; count--)
                padded.Append(fill);
        }
    }
}
