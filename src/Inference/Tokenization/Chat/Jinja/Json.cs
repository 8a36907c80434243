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
        _budget.Adds(_written, 0);
        switch (value)
        {
            case null:
                _written.Append("null");
                break;
            case bool flag:
                _written.Append(flag ? "true" : "false");
                break;
            case string text:
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
                _budget.Step(mapping.Count);
                var keys = mapping.Keys.ToArray<object?>();
                if (_sorts)
                    keys = Filters.Sorted(keys, key => key, (a, b) => Values.Compare(a, b, _budget));
                Group('{', '}', keys.Length, depth, i =>
                {
                    var key = (string)keys[i]!;
                    Quote(key);
                    Append(_colon);
                    Value(mapping[key], depth + 1);
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
                Append(_comma);
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
        _budget.Adds(_written, (long)_indent.Length * depth);
        _written.Append('\n');
        for (var i = 0; i < depth; i++)
            _written.Append(_indent);
    }

    private void Append(string text)
    {
        _budget.Adds(_written, text.Length);
        _written.Append(text);
    }

    private void Quote(string text)
    {
        _budget.Adds(_written, text.Length);
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
