using CsCheck;
using Meridian.Inference.Sampling;

namespace Meridian.Inference.Tests.Sampling;

public sealed class StopMatcherTests
{
    private static readonly Gen<string> Piece = Gen.Char["abc"].Array[0, 6].Select(c => new string(c));
    private static readonly Gen<string> Stop = Gen.Char["abc"].Array[1, 5].Select(c => new string(c));

    [Fact]
    public void Equals_the_naive_search_whatever_the_pieces()
    {
        Gen.Select(Piece.Array[0, 12], Stop.Array[0, 4]).Sample(
            (pieces, stops) =>
            {
                var matcher = new StopMatcher(stops);
                var whole = "";
                var released = "";
                foreach (var piece in pieces)
                {
                    whole += piece;
                    released += matcher.Append(piece, out var stopped);
                    var end = FirstEnd(whole, stops, out var before);
                    Assert.Equal(end >= 0, stopped);
                    Assert.Equal(stopped ? before : whole[..^Held(whole, stops)], released);
                }

                released += matcher.Flush();
                Assert.Equal(FirstEnd(whole, stops, out var expected) >= 0 ? expected : whole, released);
            },
            iter: 20_000);
    }

    [Fact]
    public void A_match_across_pieces_ends_the_text_before_it()
    {
        var matcher = new StopMatcher(["\n\n", "END"]);
        Assert.Equal("one ", matcher.Append("one E", out var stopped));
        Assert.False(stopped);
        Assert.Equal("EN two", matcher.Append("N two\n", out stopped));
        Assert.Equal("", matcher.Append("\nmore", out stopped));
        Assert.True(stopped);
        Assert.Equal("", matcher.Append("anything", out stopped));
        Assert.True(stopped);
        Assert.Equal("", matcher.Flush());
    }

    [Fact]
    public void Of_strings_that_end_together_the_longest_counts()
    {
        Assert.Equal("x", new StopMatcher(["c", "abc", "bc"]).Append("xabcd", out _));
        Assert.Equal("xa", new StopMatcher(["abcd", "b"]).Append("xabcd", out _));
    }

    [Fact]
    public void Characters_stay_whole()
    {
        var matcher = new StopMatcher(["\U0001F600", "a\ud83d"]);
        Assert.Equal("a\U0001F601", matcher.Append("a\U0001F601", out var stopped));
        Assert.False(stopped);
        Assert.Equal("b", matcher.Append("b\U0001F600", out stopped));
        Assert.True(stopped);
        Assert.Throws<ArgumentException>(() => new StopMatcher([""]));
    }

    [Fact]
    public void A_megabyte_of_near_misses_takes_linear_time()
    {
        // Every character continues, and then breaks, a match of half a million: anything quadratic would not end.
        var half = new string('a', 500_000);
        var matcher = new StopMatcher([half + "b" + half, half + "c"]);
        var released = 0;
        for (var round = 0; round < 4; round++)
        {
            released += matcher.Append(half, out var stopped).Length;
            Assert.False(stopped);
            released += matcher.Append("d", out stopped).Length;
            Assert.False(stopped);
        }

        Assert.Equal(4 * 500_001, released);
        Assert.Equal(3_000_000 - 500_000, matcher.Append(new string('a', 3_000_000), out _).Length);
        Assert.Equal("", matcher.Append("c", out var ended));
        Assert.True(ended);
    }

    private static int FirstEnd(string text, string[] stops, out string before)
    {
        for (var end = 1; end <= text.Length; end++)
        {
            var length = stops.Where(s => text.AsSpan(0, end).EndsWith(s)).Select(s => s.Length).DefaultIfEmpty(0).Max();
            if (length > 0)
            {
                before = text[..(end - length)];
                return end;
            }
        }

        before = "";
        return -1;
    }

    private static int Held(string text, string[] stops)
    {
        for (var length = text.Length; length > 0; length--)
        {
            if (stops.Any(s => s.Length > length && s.AsSpan().StartsWith(text.AsSpan(text.Length - length))))
                return length;
        }

        return 0;
    }
}
