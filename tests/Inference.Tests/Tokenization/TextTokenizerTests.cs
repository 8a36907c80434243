using System.Text;
using CsCheck;
using Meridian.Inference.Packages;
using Meridian.Inference.Tokenization;

namespace Meridian.Inference.Tests.Tokenization;

public sealed class TextTokenizerTests(MiniLm model) : IDisposable
{
    private const int Start = 101;
    private const int End = 102;
    private const int Unknown = 100;
    private readonly TextTokenizer _tokenizer = TextTokenizer.Load(model.Package);

    public void Dispose() => _tokenizer.Dispose();

    [Fact]
    public void Special_tokens_stand_around_every_text()
    {
        Assert.Equal(2, _tokenizer.SpecialTokens);
        Assert.Equal(30_522, _tokenizer.VocabularySize);
        Assert.Equal([Start, End], Ids(""));
        Assert.Equal([Start, 7592, 2088, End], Ids("Hello world"));
        Assert.Equal([Start, 7592, 2088, End], _tokenizer.Wrap([7592, 2088]).Select(i => (int)i));
    }

    [Theory]
    [InlineData("a\ud83d")]
    [InlineData("\ude00a")]
    [InlineData("\ude00a\ud83d")]
    public void Unpaired_surrogates_count_as_replacement_characters_which_bert_drops(string text) => Assert.Equal(Ids("a"), Ids(text));

    [Fact]
    public void Control_characters_are_dropped_and_nul_ends_nothing() => Assert.Equal(Ids("ab cd"), Ids("a\0b\u0007 c\u001bd"));

    [Fact]
    public void A_word_above_a_hundred_characters_is_unknown()
    {
        Assert.NotEqual([Start, Unknown, End], Ids(new string('x', 100)));
        Assert.Equal([Start, Unknown, End], Ids(new string('x', 101)));
    }

    [Theory]
    [InlineData("ΟΔΥΣΣΕΥΣ", "οδυσσευς")]
    [InlineData("ΣΑΣ ΤΟΥΣ", "σας τους")]
    [InlineData("ΑΣ.", "ας.")]
    [InlineData("ΑΣ.Α", "ασ.α")]
    [InlineData("ΑΣ'", "ας'")]
    [InlineData("ΑΣ\u0301Α", "ασα")]
    [InlineData("ΑΣ\u0007Α", "ασα")]
    [InlineData("ΑΣ-Β", "ας-β")]
    [InlineData("Σ", "σ")]
    [InlineData("1Σ", "1σ")]
    public void A_greek_word_in_capitals_is_the_word_in_small_letters(string capitals, string small) => Assert.Equal(Ids(small), Ids(capitals));

    [Fact]
    public void A_long_text_is_read_only_until_it_is_certain_and_its_first_tokens_are_exact()
    {
        string[] pieces = ["word ", "語", "ΑΣ ", "x.y,", "👍", new string('q', 90) + " ", new string('z', 300) + " ", "[SEP]", "é\u0301 ", "   ", "\ud800"];
        Gen.Int[0, pieces.Length - 1].List[20, 3000].Sample(
            picks =>
            {
                var text = string.Concat(picks.Select(p => pieces[p]));
                const int limit = 64;
                var tokens = _tokenizer.Encode(text, limit);
                var whole = Ids(text);
                Assert.True(tokens.Complete ? tokens.Ids.Length == whole.Length : tokens.Ids.Length > limit && tokens.Ids.Length <= whole.Length);
                var cut = _tokenizer.Cut(tokens.Ids, limit);
                var expected = whole.Length <= limit ? whole : [.. whole[..(limit - 1)], End];
                Assert.Equal(expected, cut.Select(i => (int)i));
            },
            iter: 60,
            threads: 1);
    }

    [Fact]
    public void Megabytes_are_not_read_to_the_end()
    {
        var words = _tokenizer.Encode(string.Concat(Enumerable.Repeat("megabytes of words ", 300_000)), 256);
        Assert.False(words.Complete);
        Assert.InRange(words.Ids.Length, 257, 5000);

        var blank = _tokenizer.Encode(new string(' ', 5_000_000), 256);
        Assert.False(blank.Complete);
        Assert.Equal(2, blank.Ids.Length);
    }

    [Fact]
    public void Many_threads_may_read_at_once()
    {
        var expected = Ids("Many threads may read at once");
        Parallel.For(0, 500, _ => Assert.Equal(expected, Ids("Many threads may read at once")));
    }

    [Fact]
    public async Task A_tokenizer_that_is_none_is_refused()
    {
        using var root = new TemporaryDirectory();
        var sound = Encoding.UTF8.GetString(model.Package.ReadFile("tokenizer.json"));
        foreach (var (json, expected) in new[]
        {
            ("{\"model\":{}}", "no Hugging Face tokenizer"),
            ("[", "no Hugging Face tokenizer"),
            ("{\"model\":{\"vocab\":{\"a\":0}}}", "cannot be loaded"),
        })
        {
            await File.WriteAllTextAsync(Path.Combine(root.Path, "tokenizer.json"), json, TestContext.Current.CancellationToken);
            var file = await ContentDigest.DescribeAsync(root.Path, "tokenizer.json", TestContext.Current.CancellationToken);
            var package = new ModelPackage(root.Path, model.Package.Manifest with { Files = [file] });
            Assert.Contains(expected, Assert.Throws<ModelPackageException>(() => TextTokenizer.Load(package)).Message, StringComparison.Ordinal);
        }
    }

    private int[] Ids(string text) => [.. _tokenizer.Encode(text, 1_000_000).Ids.Select(i => (int)i)];
}
