using System.Globalization;
using Meridian.Jinja.Texts;

namespace Meridian.Jinja.Objects;

/// <summary>
/// The filter <c>tojson</c> with the settings of Hugging Face: Python's <c>json.dumps(value, ensure_ascii=False, indent, separators, sort_keys)</c>.
/// </summary>
internal sealed class Json
{
    private readonly TrackedBuilder _written = new();
    private readonly Budget _budget;
    private readonly TrackedText? _indent;
    private readonly TrackedText _comma;
    private readonly TrackedText _colon;
    private readonly bool _ascii;
    private readonly bool _sorts;

    private Json(CallArguments arguments, Budget budget)
    {
        arguments.Check("tojson", 0, "ensure_ascii", "indent", "separators", "sort_keys");
        _budget = budget;
        _indent = arguments.Get(1, "indent", null) switch
        {
            null => null,
            TrackedText text => text,
            var count => TrackedText.OfTemplate(new string(' ', (int)Math.Clamp(Values.Integer(count), 0, 64))),
        };
        (_comma, _colon) = (TrackedText.OfTemplate(_indent is null ? ", " : ","), TrackedText.OfTemplate(": "));
        if (arguments.Get(2, "separators", null) is object?[] separators)
        {
            if (separators is not [TrackedText comma, TrackedText colon])
                throw new TemplateFailure("the argument 'separators' of tojson is no pair of strings");
            (_comma, _colon) = (comma, colon);
        }

        _ascii = arguments.Flag(0, "ensure_ascii", false);
        _sorts = arguments.Flag(3, "sort_keys", false);
    }

    public static TrackedText Write(object? value, CallArguments arguments, Budget budget)
    {
        var json = new Json(arguments, budget);
        json.Value(value, 0);
        return budget.Text(json._written.Build());
    }

    private void Value(object? value, int depth)
    {
        _budget.Step();
        Budget.Deep();
        _budget.Adds(_written.Length, 0);
        switch (value)
        {
            case TrackedText text:
                Quote(text);
                break;
            case null or bool or long or double:
                _written.Made(Scalar(value));
                break;
            case object?[] items:
                Group("[", "]", items.Length, depth, i => Value(items[i], depth + 1));
                break;
            case Mapping mapping:
                _budget.Step(mapping.Count);
                var keys = Sequences.Elements(mapping, _budget);
                if (_sorts)
                    keys = StableSort.Sorted(keys, key => key, (a, b) => Values.Compare(a, b, _budget));
                Group("{", "}", keys.Length, depth, i =>
                {
                    Quote(keys[i] as TrackedText ?? TrackedText.OfTemplate(Scalar(keys[i])));
                    Append(_colon);
                    Value(mapping[new MappingKey(keys[i])], depth + 1);
                });
                break;
            default:
                throw new TemplateFailure($"{Values.Kind(value)} cannot be written as JSON");
        }
    }

    private static string Scalar(object? value) => value switch
    {
        null => "null",
        bool flag => flag ? "true" : "false",
        double number => double.IsNaN(number) ? "NaN" : double.IsInfinity(number) ? (number > 0 ? "Infinity" : "-Infinity") : Values.Float(number),
        _ => string.Create(CultureInfo.InvariantCulture, $"{value}"),
    };

    private void Group(string open, string close, int count, int depth, Action<int> write)
    {
        _written.Made(open);
        for (var i = 0; i < count; i++)
        {
            if (i > 0)
                Append(_comma);
            Line(depth + 1);
            write(i);
        }

        if (count > 0)
            Line(depth);
        _written.Made(close);
    }

    private void Line(int depth)
    {
        if (_indent is null)
            return;
        _budget.Adds(_written.Length, (long)_indent.Length * depth);
        _written.Made("\n");
        for (var i = 0; i < depth; i++)
            _written.Append(_indent);
    }

    private void Append(TrackedText text)
    {
        _budget.Adds(_written.Length, text.Length);
        _written.Append(text);
    }

    private void Quote(TrackedText text)
    {
        _budget.Adds(_written.Length, text.Length);
        _written.Made("\"");
        Escapes.Append(_written, text, unit => unit switch
        {
            '"' => "\\\"",
            '\\' => "\\\\",
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            '\b' => "\\b",
            '\f' => "\\f",
            < ' ' => Escape(unit),
            > '~' when _ascii => Escape(unit),
            _ => null,
        });
        _written.Made("\"");

        static string Escape(char unit) => string.Create(CultureInfo.InvariantCulture, $"\\u{(int)unit:x4}");
    }
}
