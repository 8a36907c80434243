using System.Globalization;
using System.Text;
using Mapping = System.Collections.Generic.OrderedDictionary<string, object?>;

namespace Meridian.Inference.Tokenization.Chat.Jinja;

/// <summary>The filter <c>tojson</c> as Hugging Face sets it: Python's <c>json.dumps(value, ensure_ascii=False, indent, separators, sort_keys)</c>.</summary>
internal sealed class Json
{
    private readonly StringBuilder _written = new();
    private readonly Budget _budget;
    private readonly string? _indent;
    private readonly string _comma;
    private readonly string _colon;
    private readonly bool _ascii;
    private readonly bool _sorts;

    private Json(CallArguments arguments, Budget budget)
    {
        arguments.Check("tojson", 0, "indent", "ensure_ascii", "separators", "sort_keys");
        _budget = budget;
        _indent = arguments.Get(0, "indent", null) switch
        {
            null => null,
            string text => text,
            var count => new string(' ', (int)Math.Clamp(Values.Integer(count), 0, 64)),
        };
        (_comma, _colon) = (_indent is null ? ", " : ",", ": ");
        if (arguments.Get(2, "separators", null) is object?[] separators)
        {
            if (separators is not [string comma, string colon])
                throw new TemplateFailure("the argument 'separators' of tojson is no pair of strings");
            (_comma, _colon) = (comma, colon);
        }

        _ascii = arguments.Flag(1, "ensure_ascii", false);
        _sorts = arguments.Flag(3, "sort_keys", false);
    }

    public static string Write(object? value, CallArguments arguments, Budget budget)
    {
        var json = new Json(arguments, budget);
        json.Value(value, 0);
        return budget.Text(json._written.ToString());
    }

    private void Value(object? value, int depth)
    {
        _budget.Step();
        Budget.Deep();
        if (_written.Length > Budget.Largest)
            _budget.Characters(_written.Length);
        switch (value)
        {
            case null:
                _written.Append("null");
                break;
            case bool flag:
                _written.Append(flag ? "true" : "false");
                break;
            case string text:
                _budget.Characters(text.Length);
                Quote(text);
                break;
            case long number:
                _written.Append(CultureInfo.InvariantCulture, $"{number}");
                break;
            case double number:
                _written.Append(double.IsNaN(number) ? "NaN" : double.IsInfinity(number) ? (number > 0 ? "Infinity" : "-Infinity") : Values.Float(number));
                break;
            case object?[] items:
                Group('[', ']', items.Length, depth, i => Value(items[i], depth + 1));
                break;
            case Mapping mapping:
                var keys = mapping.Keys.ToArray();
                if (_sorts)
                    Array.Sort(keys, StringComparer.Ordinal);
                Group('{', '}', keys.Length, depth, i =>
                {
                    Quote(keys[i]);
                    _written.Append(_colon);
                    Value(mapping[keys[i]], depth + 1);
                });
                break;
            default:
                throw new TemplateFailure($"{Values.Kind(value)} cannot be written as JSON");
        }
    }

    private void Group(char open, char close, int count, int depth, Action<int> write)
    {
        _written.Append(open);
        for (var i = 0; i < count; i++)
        {
            if (i > 0)
                _written.Append(_comma);
            Line(depth + 1);
            write(i);
        }

        if (count > 0)
            Line(depth);
        _written.Append(close);
    }

    private void Line(int depth)
    {
        if (_indent is null)
            return;
        _budget.Characters((long)_indent.Length * depth);
        _written.Append('\n');
        for (var i = 0; i < depth; i++)
            _written.Append(_indent);
    }

    private void Quote(string text)
    {
        _written.Append('"');
        foreach (var unit in text)
        {
            _ = unit switch
            {
                '"' => _written.Append("\\\""),
                '\\' => _written.Append("\\\\"),
                '\n' => _written.Append("\\n"),
                '\r' => _written.Append("\\r"),
                '\t' => _written.Append("\\t"),
                '\b' => _written.Append("\\b"),
                '\f' => _written.Append("\\f"),
                < ' ' => Escape(unit),
                > '~' when _ascii => Escape(unit),
                _ => _written.Append(unit),
            };
        }

        _written.Append('"');

        StringBuilder Escape(char unit) => _written.Append(CultureInfo.InvariantCulture, $"\\u{(int)unit:x4}");
    }
}
