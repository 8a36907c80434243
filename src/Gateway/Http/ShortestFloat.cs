using System.Diagnostics;
using System.Globalization;

namespace Meridian.Gateway.Http;

/// <summary>
/// Writes a float32 as the shortest decimal that reads back as the same float32, whether the reader rounds once or (as JavaScript does) twice, through
/// float64.
/// The components of a normalised embedding are below 1 in magnitude. For them, trying 8, 7 and 9 digits in float64 is several times as fast as the runtime's
/// general algorithm, which serves all other values.
/// </summary>
internal static class ShortestFloat
{
    /// <summary>Maximum length of a float32, bytes.</summary>
    public const int MaxLength = 16;

    /// <summary>Maximum number of decimals that the fast path writes: 4 leading zeros and 9 digits.</summary>
    private const int MaxDecimals = 13;

    private static ReadOnlySpan<double> PowersOfTen => [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13];

    private static ReadOnlySpan<byte> Pairs =>
        "00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748495051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899"u8;

    /// <summary>Writes <paramref name="value"/> and returns the number of bytes.</summary>
    /// <param name="value">A finite number.</param>
    /// <param name="destination">At least <see cref="MaxLength"/> bytes.</param>
    public static int Write(float value, Span<byte> destination)
    {
        double magnitude = Math.Abs(value);
        if (magnitude is < 1 and >= 1e-5)
        {
            var zeros = magnitude >= 0.1 ? 0 : magnitude >= 0.01 ? 1 : magnitude >= 0.001 ? 2 : magnitude >= 0.0001 ? 3 : 4;
            if (TryDigits(magnitude, zeros + 8, out var digits))
            {
                // Every decimal of six digits has its own float32. So the shortest form of a number with fewer than six digits is its six-digit form without
                // the zeros at the end.
                if (TryDigits(magnitude, zeros + 7, out var seven))
                {
                    return TryDigits(magnitude, zeros + 6, out var six)
                        ? Fixed(value, six, zeros + 6, destination, trim: true)
                        : Fixed(value, seven, zeros + 7, destination, trim: false);
                }

                return Fixed(value, digits, zeros + 8, destination, trim: false);
            }

            if (TryDigits(magnitude, zeros + 9, out digits))
            {
                return Fixed(value, digits, zeros + 9, destination, trim: false);
            }
        }

        var written = value.TryFormat(destination, out var bytes, default, CultureInfo.InvariantCulture);
        Debug.Assert(written && float.IsFinite(value));
        return bytes;
    }

    /// <summary>Finds the nearest decimal with that many decimals. Returns true if it reads back as the float32 <paramref name="magnitude"/>.</summary>
    private static bool TryDigits(double magnitude, int decimals, out ulong digits)
    {
        var power = PowersOfTen[decimals];
        digits = (ulong)((magnitude * power) + 0.5);
        // Both operands are exact in float64, so the quotient is the decimal, rounded once.
        var back = digits / power;
        // A second rounding, to float32, differs from rounding the decimal directly only if the first result lies exactly between two float32 values.
        return (float)back == (float)magnitude && (BitConverter.DoubleToUInt64Bits(back) & 0x1FFF_FFFF) != 0x1000_0000;
    }

    private static int Fixed(float value, ulong digits, int decimals, Span<byte> destination, bool trim)
    {
        var start = 0;
        if (value < 0)
        {
            destination[start++] = (byte)'-';
        }

        Debug.Assert(decimals <= MaxDecimals);
        destination[start] = (byte)'0';
        destination[start + 1] = (byte)'.';
        var length = start + 2 + decimals;
        var rest = digits;
        var end = length;
        while (rest >= 100)
        {
            (rest, var pair) = Math.DivRem(rest, 100ul);
            end -= 2;
            Pairs.Slice((int)pair * 2, 2).CopyTo(destination[end..]);
        }

        if (rest >= 10)
        {
            end -= 2;
            Pairs.Slice((int)rest * 2, 2).CopyTo(destination[end..]);
        }
        else
        {
            destination[--end] = (byte)('0' + rest);
        }

        destination[(start + 2)..end].Fill((byte)'0');
        while (trim && destination[length - 1] == (byte)'0')
        {
            length--;
        }

        return length;
    }
}
