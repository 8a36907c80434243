using System.Globalization;
using System.Text;
using CsCheck;
using Meridian.Gateway.Http;

namespace Meridian.Gateway.Tests.Wire;

public sealed class ShortestFloatTests
{
    [Fact]
    public void Every_float32_reads_back_the_same_and_no_shorter_decimal_would() =>
        Gen.OneOf(
                Gen.Float[-1f, 1f],
                Gen.Float[-0.06f, 0.06f],
                Gen.Float[-1e-4f, 1e-4f],
                Gen.UInt.Select(BitConverter.UInt32BitsToSingle).Where(float.IsFinite),
                Gen.Select(Gen.Int[-999_999, 999_999], Gen.Int[0, 9]).Select((digits, decimals) => (float)(digits / Math.Pow(10, decimals))))
            .Sample(Check, iter: 200_000);

    [Theory]
    [InlineData(0f, "0")]
    [InlineData(-0f, "-0")]
    [InlineData(1f, "1")]
    [InlineData(-1f, "-1")]
    [InlineData(0.5f, "0.5")]
    [InlineData(0.1f, "0.1")]
    [InlineData(-0.1f, "-0.1")]
    [InlineData(0.3f, "0.3")]
    [InlineData(0.01f, "0.01")]
    [InlineData(0.001f, "0.001")]
    [InlineData(0.0001f, "0.0001")]
    [InlineData(0.25f, "0.25")]
    [InlineData(0.33333334f, "0.33333334")]
    [InlineData(0.99999994f, "0.99999994")]
    [InlineData(0.100000024f, "0.100000024")]
    [InlineData(0.09999999f, "0.09999999")]
    public void Known_values(float value, string expected) => Assert.Equal(expected, Text(value));

    [Fact]
    public void Neighbours_of_powers_and_extremes()
    {
        foreach (var seed in (float[])[1f, 0.5f, 0.1f, 0.01f, 0.001f, 1e-4f, 1e-5f, 1e-6f, 0.0625f, 0.03125f, 9.765625e-4f, float.MaxValue, float.Epsilon, 1.17549435e-38f])
        {
            var above = seed;
            var below = seed;
            for (var i = 0; i < 2000; i++)
            {
                Check(above);
                Check(-below);
                above = float.IsFinite(MathF.BitIncrement(above)) ? MathF.BitIncrement(above) : above;
                below = MathF.BitDecrement(below);
            }
        }
    }

    private static void Check(float value)
    {
        var text = Text(value);
        var bits = BitConverter.SingleToInt32Bits(value);
        Assert.Equal(bits, BitConverter.SingleToInt32Bits(float.Parse(text, CultureInfo.InvariantCulture)));
        // As JavaScript reads it: to float64 first.
        Assert.Equal(bits, BitConverter.SingleToInt32Bits((float)double.Parse(text, CultureInfo.InvariantCulture)));
        var reference = value.ToString(CultureInfo.InvariantCulture);
        Assert.True(Digits(text) <= Digits(reference), $"{text} has more digits than {reference}");
    }

    private static int Digits(string text) => text.Split('E')[0].Where(char.IsAsciiDigit).SkipWhile(digit => digit == '0').Count();

    private static string Text(float value)
    {
        Span<byte> buffer = stackalloc byte[ShortestFloat.MaxLength];
        return Encoding.ASCII.GetString(buffer[..ShortestFloat.Write(value, buffer)]);
    }
}
