using Meridian.Inference.Sampling;

namespace Meridian.Inference.Tests.Sampling;

public sealed class PhiloxTests
{
    // Known answers of the authors' own implementation, Random123.
    [Theory]
    [InlineData(0u, 0u, 0u, 0u, 0u, 0u, 0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u)]
    [InlineData(~0u, ~0u, ~0u, ~0u, ~0u, ~0u, 0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu)]
    [InlineData(0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u, 0xa4093822u, 0x299f31d0u, 0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u)]
    public void Gives_the_known_answers(uint a, uint b, uint c, uint d, uint keyA, uint keyB, uint w, uint x, uint y, uint z) =>
        Assert.Equal((w, x, y, z), Philox.Block(a, b, c, d, keyA, keyB));

    [Fact]
    public void Numbers_are_uniform_and_below_one()
    {
        var bins = new int[64];
        var sum = 0.0;
        for (var position = 0; position < 64_000; position++)
        {
            var number = Philox.Uniform(-7, 3, position);
            Assert.InRange(number, 0, 1 - 1e-17);
            bins[(int)(number * 64)]++;
            sum += number;
        }

        Assert.InRange(bins.Sum(n => (n - 1000.0) * (n - 1000.0) / 1000), 30, 110);
        Assert.InRange(sum / 64_000, 0.495, 0.505);
    }
}
