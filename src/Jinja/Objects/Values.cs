using System.Globalization;
using Meridian.Jinja.Texts;

namespace Meridian.Jinja.Objects;

/// <summary>
/// Python's rules for values. The kinds of values are: null (none), <see cref="bool"/>, <see cref="long"/>, <see cref="double"/>, <see cref="TrackedText"/>,
/// arrays (lists and tuples), <see cref="Mapping"/>, <see cref="Namespace"/>, <see cref="Undefined"/>, macros, functions and methods.
/// </summary>
internal static class Values
{
    private static readonly TrackedText NoneText = TrackedText.OfTemplate("None");
    private static readonly TrackedText TrueText = TrackedText.OfTemplate("True");
    private static readonly TrackedText FalseText = TrackedText.OfTemplate("False");

    public static bool IsTrue(object? value) => value switch
    {
        null or Undefined => false,
        bool flag => flag,
        long number => number != 0,
        double number => number != 0,
        TrackedText text => text.Length > 0,
        object?[] items => items.Length > 0,
        Mapping mapping => mapping.Count > 0,
        _ => true,
    };

    /// <summary>The text that <c>{{ value }}</c> writes. If the value is not a text, the origin of the text is the template.</summary>
    public static TrackedText Text(object? value, Budget budget)
    {
        switch (value)
        {
            case TrackedText text:
                return text;
            case null:
                return NoneText;
            case Undefined:
                return TrackedText.Empty;
            case bool flag:
                return flag ? TrueText : FalseText;
            case long number:
                return TrackedText.OfTemplate(number.ToString(CultureInfo.InvariantCulture));
            case double number:
                return TrackedText.OfTemplate(Float(number));
            default:
                var written = new TrackedBuilder();
                Write(written, value, budget);
                return written.Build();
        }
    }

    /// <summary>Python's <c>repr()</c>.</summary>
    public static TrackedText Shown(object? value, Budget budget)
    {
        var written = new TrackedBuilder();
        Write(written, value, budget);
        return written.Build();
    }

    public static bool AreEqual(object? left, object? right, Budget budget)
    {
        budget.Step();
        Budget.Deep();
        switch (left, right)
        {
            case (TrackedText a, TrackedText b):
                budget.Characters(Math.Min(a.Length, b.Length));
                return a.Equals(b);
            case (null, null) or (Undefined, Undefined):
                return true;
            case (object?[] a, object?[] b):
                if (a.Length != b.Length)
                    return false;
                for (var i = 0; i < a.Length; i++)
                {
                    if (!AreEqual(a[i], b[i], budget))
                        return false;
                }

                return true;
            case (Mapping a, Mapping b):
                if (a.Count != b.Count)
                    return false;
                foreach (var (key, value) in a)
                {
                    if (!b.TryGet(key.Value, budget, out var other) || !AreEqual(value, other, budget))
                        return false;
                }

                return true;
            default:
                return TryNumber(left, out var x) && TryNumber(right, out var y) ? x == y : ReferenceEquals(left, right);
        }
    }

    /// <exception cref="TemplateFailure">The values have no order.</exception>
    public static int Compare(object? left, object? right, Budget budget)
    {
        budget.Step();
        switch (left, right)
        {
            case (TrackedText a, TrackedText b):
                budget.Characters(Math.Min(a.Length, b.Length));
                return string.CompareOrdinal(a.Value, b.Value);
            case (long a, long b):
                return a.CompareTo(b);
            case (object?[] a, object?[] b):
                Budget.Deep();
                for (var i = 0; i < Math.Min(a.Length, b.Length); i++)
                {
                    if (!AreEqual(a[i], b[i], budget))
                        return Compare(a[i], b[i], budget);
                }

                return a.Length.CompareTo(b.Length);
        }

        if (TryNumber(left, out var x) && TryNumber(right, out var y))
            return x.CompareTo(y);
        throw new TemplateFailure($"{Kind(left)} and {Kind(right)} cannot be compared");
    }

    public static bool TryNumber(object? value, out double number)
    {
        number = value switch { long whole => whole, double real => real, bool flag => flag ? 1 : 0, _ => double.NaN };
        return value is long or double or bool;
    }

    /// <exception cref="TemplateFailure">The value is not an integer.</exception>
    public static long Integer(object? value) => value switch
    {
        long number => number,
        bool flag => flag ? 1 : 0,
        _ => throw new TemplateFailure($"{Kind(value)} stands where a whole number is expected"),
    };

    /// <summary>Describes the kind of a value, for error messages.</summary>
    public static string Kind(object? value) => value switch
    {
        null => "none",
        Undefined missing => $"the undefined '{missing.Name}'",
        bool => "a boolean",
        long => "an integer",
        double => "a float",
        TrackedText => "a string",
        object?[] => "a list",
        Mapping => "a mapping",
        Namespace => "a namespace",
        _ => "a function",
    };

    internal static string Float(double number)
    {
        if (double.IsNaN(number))
            return "nan";
        if (double.IsInfinity(number))
            return number > 0 ? "inf" : "-inf";
        var shortest = number.ToString("R", CultureInfo.InvariantCulture);
        if (Math.Abs(number) is >= 1e16 or (< 1e-4 and > 0))
            return shortest.Contains('E', StringComparison.Ordinal) ? shortest.Replace('E', 'e') : number.ToString("0.################e+00", CultureInfo.InvariantCulture);
        if (shortest.Contains('E', StringComparison.Ordinal))
            shortest = ((decimal)number).ToString(CultureInfo.InvariantCulture);
        return shortest.Contains('.', StringComparison.Ordinal) ? shortest : shortest + ".0";
    }

    // Python's repr(), for elements inside lists and mappings.
    private static void Write(TrackedBuilder written, object? value, Budget budget)
    {
        budget.Step();
        Budget.Deep();
        switch (value)
        {
            case TrackedText text:
                Quote(written, text, budget);
                break;
            case object?[] items:
                written.Made("[");
                for (var i = 0; i < items.Length; i++)
                {
                    written.Made(i > 0 ? ", " : "");
                    Write(written, items[i], budget);
                }

                written.Made("]");
                break;
            case Mapping mapping:
                written.Made("{");
                var first = true;
                foreach (var (key, member) in mapping)
                {
                    written.Made(first ? "" : ", ");
                    first = false;
                    Write(written, key.Value, budget);
                    written.Made(": ");
                    Write(written, member, budget);
                }

                written.Made("}");
                break;
            case MacroValue or FunctionValue or MethodValue or Namespace or Loop:
                throw new TemplateFailure($"{Kind(value)} has no text");
            default:
                written.Append(Text(value, budget));
                break;
        }
    }

    private static void Quote(TrackedBuilder written, TrackedText text, Budget budget)
    {
        budget.Adds(written.Length, text.Length);
        var quote = text.Value.Contains('\'', StringComparison.Ordinal) && !text.Value.Contains('"', StringComparison.Ordinal) ? "\"" : "'";
        written.Made(quote);
        Escapes.Append(written, text, character => character switch
        {
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            '\\' => "\\\\",
            '\'' when quote == "'" => "\\'",
            < ' ' or '\x7f' => string.Create(CultureInfo.InvariantCulture, $"\\x{(int)character:x2}"),
            _ => null,
        });
        written.Made(quote);
    }
}
