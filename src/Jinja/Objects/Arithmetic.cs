using Meridian.Jinja.Texts;

namespace Meridian.Jinja.Objects;

/// <summary>Python's operators on numbers, texts and lists. Integers have 64 bits; a larger result is an error.</summary>
internal static class Arithmetic
{
    public static object? Of(string sign, object? left, object? right, Budget budget)
    {
        try
        {
            return (sign, left, right) switch
            {
                ("+", TrackedText a, TrackedText b) => Joined(a, b, budget),
                ("+", object?[] a, object?[] b) => Joined(a, b, budget),
                ("*", TrackedText or object?[], bool flag) => Of(sign, left, flag ? 1L : 0L, budget),
                ("*", long or bool, TrackedText or object?[]) => Of(sign, right, left, budget),
                ("*", TrackedText text, long count) => Repeated(text, count, budget),
                ("*", object?[] items, long count) => Repeated(items, count, budget),
                ("%", TrackedText, _) => throw new TemplateFailure("formatting with '%' is not supported"),
                (_, bool a, _) => Of(sign, a ? 1L : 0L, right, budget),
                (_, _, bool b) => Of(sign, left, b ? 1L : 0L, budget),
                (not "/", long a, long b) => Whole(sign, a, b),
                _ when Values.TryNumber(left, out var a) && Values.TryNumber(right, out var b) => Real(sign, a, b),
                _ => throw new TemplateFailure($"'{sign}' does not go with {Values.Kind(left)} and {Values.Kind(right)}"),
            };
        }
        catch (OverflowException)
        {
            throw new TemplateFailure($"the result of '{sign}' is larger than 64 bits");
        }
    }

    public static object Negate(object? value) => value switch
    {
        long whole when whole != long.MinValue => (object)-whole,
        double real => -real,
        bool flag => flag ? -1L : 0L,
        _ => throw new TemplateFailure($"'-' does not go with {Values.Kind(value)}"),
    };

    private static object Whole(string sign, long a, long b)
    {
        if (b == 0 && sign is "//" or "%")
            throw new TemplateFailure("a division by zero");
        if (sign == "**" && b < 0)
            return Real(sign, a, b);
        return sign switch
        {
            "+" => checked(a + b),
            "-" => checked(a - b),
            "*" => checked(a * b),
            "//" => checked(a / b) - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0),
            "%" => b == -1 ? 0 : ((a % b) + b) % b,
            _ => Power(a, b),
        };
    }

    private static double Real(string sign, double a, double b)
    {
        if (b == 0 && sign is "/" or "//" or "%")
            throw new TemplateFailure("a division by zero");
        return sign switch
        {
            "+" => a + b,
            "-" => a - b,
            "*" => a * b,
            "/" => a / b,
            "//" => Math.Floor(a / b),
            "%" => a - (b * Math.Floor(a / b)),
            _ => Math.Pow(a, b),
        };
    }

    private static long Power(long a, long b)
    {
        if (a is 0 or 1)
            return b == 0 ? 1 : a;
        if (a == -1)
            return b % 2 == 0 ? 1 : -1;
        var power = 1L;
        for (; b > 0; b--)
            power = checked(power * a);
        return power;
    }

    private static TrackedText Joined(TrackedText a, TrackedText b, Budget budget)
    {
        budget.Characters((long)a.Length + b.Length);
        return a.Length == 0 ? b : b.Length == 0 ? a : new TrackedBuilder().Append(a).Append(b).Build();
    }

    private static object?[] Joined(object?[] a, object?[] b, Budget budget)
    {
        budget.Step(a.Length + b.Length);
        return [.. a, .. b];
    }

    private static TrackedText Repeated(TrackedText text, long count, Budget budget)
    {
        if (count <= 0 || text.Length == 0)
            return TrackedText.Empty;
        budget.Characters(count > Budget.Largest ? count : text.Length * count);
        var repeated = new TrackedBuilder();
        for (; count > 0; count--)
            repeated.Append(text);
        return repeated.Build();
    }

    private static object?[] Repeated(object?[] items, long count, Budget budget)
    {
        if (count <= 0 || items.Length == 0)
            return [];

        // A count above Budget.Largest takes more steps than any budget has, so it is refused here. That also avoids an overflow of the product.
        budget.Step(count > Budget.Largest ? count : items.Length * count);
        var repeated = new List<object?>();
        for (; count > 0; count--)
            repeated.AddRange(items);
        return [.. repeated];
    }
}
