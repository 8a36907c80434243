using System.Globalization;
using System.Numerics;
using Meridian.Jinja.Objects;
using Meridian.Jinja.Texts;

namespace Meridian.Jinja.Builtins;

/// <summary>Filters that read and round numbers.</summary>
internal static class NumberFilters
{
    public static double Round(object? value, CallArguments arguments)
    {
        arguments.Check("round", 0, "precision", "method");
        if (!Values.TryNumber(value, out var number))
            throw new TemplateFailure($"round wants a number, not {Values.Kind(value)}");
        var scale = Math.Pow(10, Math.Clamp(arguments.Integer(0, "precision", 0), -15, 15));
        var method = arguments.Get(1, "method", null) is null ? "common" : arguments.Text(1, "method").Value;
        return method switch
        {
            "common" => Math.Round(number * scale, MidpointRounding.ToEven) / scale,
            "ceil" => Math.Ceiling(number * scale) / scale,
            "floor" => Math.Floor(number * scale) / scale,
            _ => throw new TemplateFailure($"round has no method '{method}'"),
        };
    }

    public static object? Integer(object? value, CallArguments arguments, Budget budget)
    {
        arguments.Check("int", 0, "default", "base");
        var otherwise = arguments.Get(0, "default", 0L);
        return value switch
        {
            long whole => whole,
            bool flag => flag ? 1L : 0L,
            double real => Math.Abs(real) < 9e18 ? (long)real : otherwise,
            TrackedText text => Digits(budget.Text(text).Value.Trim(), arguments.Integer(1, "base", 10)) ?? Truncated(text.Value) ?? otherwise,
            _ => otherwise,
        };
    }

    public static object? Float(object? value, CallArguments arguments, Budget budget)
    {
        arguments.Check("float", 0, "default");
        if (Values.TryNumber(value, out var number))
            return number;
        return value is TrackedText text && double.TryParse(budget.Text(text).Value.Trim(), NumberStyles.Float, CultureInfo.InvariantCulture, out number)
            ? number
            : arguments.Get(0, "default", 0.0);
    }

    // Jinja gives 42 for '42.23'|int, with any base.
    private static long? Truncated(string text) =>
        double.TryParse(text.Trim(), NumberStyles.Float, CultureInfo.InvariantCulture, out var real) && Math.Abs(real) < 9e18 ? (long)real : null;

    // Python's int(text, base): a sign, a prefix if the base allows it, and single underscores between digits.
    private static long? Digits(string text, long radix)
    {
        if (radix is not (0 or (>= 2 and <= 36)))
            return null;
        var at = 0;
        var negative = text.StartsWith('-');
        if (negative || text.StartsWith('+'))
            at++;
        var prefixed = text.Length > at + 2 && text[at] == '0' ? char.ToLowerInvariant(text[at + 1]) switch { 'x' => 16, 'o' => 8, 'b' => 2, _ => 0 } : 0;
        if (prefixed != 0 && radix is 0 || prefixed == radix && prefixed != 0)
        {
            (radix, at) = (prefixed, at + 2);
            if (text[at] == '_')
                at++;
        }
        else if (radix == 0)
        {
            // A number without a prefix may begin with zero only if all its digits are zeros.
            if (text.Length > at + 1 && text[at] == '0' && text.AsSpan(at).IndexOfAnyExcept('0', '_') >= 0)
                return null;
            radix = 10;
        }

        var number = BigInteger.Zero;
        var digits = 0;
        for (; at < text.Length; at++)
        {
            if (text[at] == '_' && digits > 0 && at + 1 < text.Length && text[at + 1] != '_' && text[at - 1] != '_')
                continue;
            var digit = char.IsAsciiDigit(text[at]) ? text[at] - '0' : char.IsAsciiLetter(text[at]) ? char.ToLowerInvariant(text[at]) - 'a' + 10 : int.MaxValue;
            if (digit >= radix)
                return null;
            number = (number * radix) + digit;
            digits++;
            if (number > ulong.MaxValue)
                throw new TemplateFailure("the result of 'int' is larger than 64 bits");
        }

        number = negative ? -number : number;
        if (digits > 0 && (number > long.MaxValue || number < long.MinValue))
            throw new TemplateFailure("the result of 'int' is larger than 64 bits");
        return digits == 0 ? null : (long)number;
    }
}
