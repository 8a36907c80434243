using System.Text;
using System.Text.Json.Nodes;
using CsCheck;
using Meridian.Inference.Tests.Decoders;
using Meridian.Inference.Tokenization;

namespace Meridian.Inference.Tests.Tokenization;

public sealed class DetokenizerTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Byte_level_text_equals_the_librarys_for_any_ids() => await EqualsLibrary(MadeTokenizer.ByteLevel());

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Byte_fallback_text_equals_the_librarys_where_bytes_are_characters_and_else_sentencepieces(bool leadingSpace)
    {
        var (tokenizer, native) = await Load(MadeTokenizer.ByteFallback(leadingSpace));
        using (tokenizer)
        using (native)
        {
            // Bytes of characters as often as bytes alone.
            string[] characters = ["é", "語", "😀", "\u00df", "\uffff"];
            var character = Gen.Int[0, characters.Length - 1].Select(i => Encoding.UTF8.GetBytes(characters[i]).Select(b => b + 3).ToArray());
            var any = Gen.Int[0, tokenizer.VocabularySize - 1].Select(id => new[] { id });
            var bytes = Gen.Int[3, 258].Select(id => new[] { id });
            var text = Gen.Int[259, tokenizer.VocabularySize - 1].Select(id => new[] { id });
            Gen.Frequency((3, character), (1, any), (1, bytes), (3, text)).Array[0, 12].Sample(
                parts =>
                {
                    int[] ids = [.. parts.SelectMany(p => p)];
                    var expected = Naive(ids, id => tokenizer.Bytes(id).ToArray(), leadingSpace, out var sound);
                    Assert.Equal(expected, tokenizer.Decode(ids));
                    Assert.Equal(expected, Incremental(tokenizer, ids));
                    if (sound)
                        Assert.Equal(native.Decode(ids), expected);
                },
                iter: 20_000,
                threads: 1);
        }
    }

    [Fact]
    public async Task The_stories_model_detokenizes_alike()
    {
        var package = await StoriesTexts.PackageAsync(TestModels.BuiltIn);
        using var tokenizer = GenerationTokenizer.Load(package);
        using var native = NativeTokenizer.Load(TokenizerFile.Read(package));
        Gen.Int[259, tokenizer.VocabularySize - 1].Array[0, 60].Sample(
            ids =>
            {
                var expected = native.Decode(ids);
                Assert.Equal(expected, tokenizer.Decode(ids));
                Assert.Equal(expected, Incremental(tokenizer, ids));
            },
            iter: 5_000,
            threads: 1);
    }

    [Theory]
    [InlineData("""{"type":"Metaspace","replacement":"▁","prepend_scheme":"always","split":true}""")]
    [InlineData("""{"type":"Metaspace","replacement":"▁","prepend_scheme":"never","split":true}""")]
    [InlineData("""{"type":"WordPiece","prefix":"##","cleanup":true}""")]
    [InlineData("""{"type":"WordPiece","prefix":"##","cleanup":false}""")]
    [InlineData("""{"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"Fuse"},{"type":"Strip","content":" ","start":2,"stop":0}]}""")]
    [InlineData("""{"type":"Fuse"}""")]
    [InlineData(null)]
    public async Task Other_decoders_equal_the_librarys(string? decoder) => await EqualsLibrary(MadeTokenizer.Words(
        decoder is null ? null : (JsonObject)JsonNode.Parse(decoder)!, "[UNK]", MadeTokenizer.End, "▁a", "▁", "▁▁b", "##c", "d", "é▁e", "n't", ".", " ' ", "😀", " do not", "<0x41>"));

    [Theory]
    [InlineData("""{"type":"BPEDecoder","suffix":"</w>"}""")]
    [InlineData("""{"type":"Sequence","decoders":[{"type":"Replace","pattern":{"Regex":"_+"},"content":" "},{"type":"Fuse"}]}""")]
    public async Task A_decoder_without_a_table_is_asked_in_a_window(string decoder)
    {
        var (tokenizer, native) = await Load(MadeTokenizer.Words((JsonObject)JsonNode.Parse(decoder)!, "[UNK]", MadeTokenizer.End, "a</w>", "b", "_c", "__d", "é</w>"));
        using (tokenizer)
        using (native)
        {
            Gen.Int[0, 6].Array[0, 12].Sample(
                ids =>
                {
                    Assert.Equal(native.Decode(ids), tokenizer.Decode(ids));
                    Assert.Equal(native.Decode(ids), Incremental(tokenizer, ids));
                },
                iter: 2_000,
                threads: 1);
            Assert.Equal("b<|end|>b", tokenizer.Decode([3, 1, 3], skipSpecialTokens: false));
        }
    }

    [Theory]
    [InlineData("byte-level")]
    [InlineData("byte fallback")]
    [InlineData("no table")]
    public async Task An_id_that_only_the_graph_knows_is_no_text(string kind)
    {
        var json = kind switch
        {
            "byte-level" => MadeTokenizer.ByteLevel(),
            "byte fallback" => MadeTokenizer.ByteFallback(leadingSpace: true),
            _ => Suffixed(),
        };
        var package = await MadeTokenizer.PackageAsync(_directory.Path, MadeTokenizer.Json(json));
        using var own = GenerationTokenizer.Load(package);
        var known = own.VocabularySize;
        using var tokenizer = GenerationTokenizer.Load(package, vocabulary: known + 20);
        Assert.Equal(known + 20, tokenizer.VocabularySize);
        Gen.Int[0, known + 19].Array[0, 12].Sample(
            ids =>
            {
                int[] mine = [.. ids.Where(id => id < known)];
                Assert.Equal(own.Decode(mine), tokenizer.Decode(ids));
                Assert.Equal(own.Decode(mine, skipSpecialTokens: false), tokenizer.Decode(ids, skipSpecialTokens: false));
                Assert.Equal(own.Decode(mine), Incremental(tokenizer, ids));
                foreach (var id in ids)
                    Assert.Equal(id < known ? own.Bytes(id).ToArray() : [], tokenizer.Bytes(id).ToArray());
            },
            iter: 500,
            threads: 1);
        Assert.Throws<ArgumentOutOfRangeException>(() => tokenizer.Bytes(known + 20));
        Assert.Throws<ArgumentOutOfRangeException>(() => tokenizer.Decode([known + 20]));
        Assert.Throws<ArgumentOutOfRangeException>(() => own.Bytes(known));
    }

    [Fact]
    public async Task Without_a_table_ids_that_give_no_text_do_not_pile_up()
    {
        var (tokenizer, native) = await Load(Suffixed());
        using (tokenizer)
        using (native)
        {
            // U+FFFD at the end looks like an incomplete character, for ever.
            var broken = Array.IndexOf(["[UNK]", MadeTokenizer.End, "a</w>", "b", "\uFFFD"], "\uFFFD");
            var detokenizer = tokenizer.CreateDetokenizer();
            var given = "";
            for (var i = 1; i <= 1000; i++)
            {
                given += detokenizer.Append(broken);
                Assert.InRange(i - given.Length, 0, 32);
                Assert.Equal("", detokenizer.Append(1));
            }

            Assert.Equal(new string('\uFFFD', 1000), given + detokenizer.Flush());
        }
    }

    [Fact]
    public async Task A_character_is_never_split_and_a_special_token_says_nothing()
    {
        var (tokenizer, native) = await Load(MadeTokenizer.ByteLevel());
        using (tokenizer)
        using (native)
        {
            var end = tokenizer.Encode(MadeTokenizer.End, 10, false).Ids.Single();
            var ids = tokenizer.Encode("the 😀!", 100, false).Ids.Select(id => (int)id).ToArray();
            var detokenizer = tokenizer.CreateDetokenizer();
            var given = new List<string>();
            foreach (var id in ids)
            {
                given.Add(detokenizer.Append(id));
                Assert.Equal("", detokenizer.Append((int)end));
                Assert.Equal("", detokenizer.Append(1_000_000));
            }

            given.Add(detokenizer.Flush());
            Assert.Equal("the 😀!", string.Concat(given));
            Assert.All(given, text => Assert.False(text.Length > 0 && (char.IsLowSurrogate(text[0]) || char.IsHighSurrogate(text[^1]) || text.Contains('\uFFFD', StringComparison.Ordinal))));
            Assert.Equal(MadeTokenizer.End, Encoding.UTF8.GetString(tokenizer.Bytes((int)end).Span));
            Assert.Equal("the 😀!", Encoding.UTF8.GetString([.. ids.SelectMany(id => tokenizer.Bytes(id).ToArray())]));
            Assert.Equal("x" + MadeTokenizer.End + "<tool é>", tokenizer.Decode([.. tokenizer.Encode("x<|end|><tool é>", 10, false).Ids.Select(id => (int)id)], skipSpecialTokens: false));
            Assert.Throws<ArgumentOutOfRangeException>(() => tokenizer.Decode([tokenizer.VocabularySize]));
            Assert.Throws<ArgumentOutOfRangeException>(() => tokenizer.Bytes(-1));
        }
    }

    private async Task EqualsLibrary(JsonObject json)
    {
        var (tokenizer, native) = await Load(json);
        using (tokenizer)
        using (native)
        {
            Assert.NotNull(TokenTable.Make(TokenizerFile.Read(await MadeTokenizer.PackageAsync(_directory.Path, MadeTokenizer.Json(json)))));
            Gen.Int[0, tokenizer.VocabularySize - 1].Array[0, 30].Sample(
                ids =>
                {
                    var expected = native.Decode(ids);
                    Assert.Equal(expected, tokenizer.Decode(ids));
                    Assert.Equal(expected, Incremental(tokenizer, ids));
                },
                iter: 10_000,
                threads: 1);
        }
    }

    private async Task<(GenerationTokenizer Tokenizer, NativeTokenizer Native)> Load(JsonObject json)
    {
        var package = await MadeTokenizer.PackageAsync(_directory.Path, MadeTokenizer.Json(json));
        return (GenerationTokenizer.Load(package), NativeTokenizer.Load(TokenizerFile.Read(package)));
    }

    private static JsonObject Suffixed() => MadeTokenizer.Words(
        new JsonObject { ["type"] = "BPEDecoder", ["suffix"] = "</w>" }, "[UNK]", MadeTokenizer.End, "a</w>", "b", "\uFFFD");

    private static string Incremental(GenerationTokenizer tokenizer, ReadOnlySpan<int> ids)
    {
        var detokenizer = tokenizer.CreateDetokenizer();
        var text = new StringBuilder();
        foreach (var id in ids)
            text.Append(detokenizer.Append(id));
        return text.Append(detokenizer.Flush()).ToString();
    }

    /// <summary>Runs of byte tokens, taken together: each character as it is, each byte that is part of none as U+FFFD.</summary>
    private static string Naive(int[] ids, Func<int, byte[]> bytes, bool strips, out bool sound)
    {
        var strict = new UTF8Encoding(false, throwOnInvalidBytes: true);
        var text = new StringBuilder();
        var run = new List<byte>();
        var allSound = true;
        foreach (var id in ids.Where(id => id > 2))
        {
            if (id <= 258)
            {
                run.AddRange(bytes(id));
                continue;
            }

            EndRun();
            text.Append(Encoding.UTF8.GetString(bytes(id)));
        }

        EndRun();
        sound = allSound;
        var whole = text.ToString();
        return strips && whole.StartsWith(' ') ? whole[1..] : whole;

        void EndRun()
        {
            while (run.Count > 0)
            {
                var length = Enumerable.Range(1, Math.Min(4, run.Count)).FirstOrDefault(n => IsCharacter([.. run[..n]]));
                text.Append(length == 0 ? "\uFFFD" : Encoding.UTF8.GetString([.. run[..length]]));
                allSound &= length > 0;
                run.RemoveRange(0, Math.Max(1, length));
            }
        }

        bool IsCharacter(byte[] candidate)
        {
            try
            {
                return strict.GetString(candidate).EnumerateRunes().Count() == 1;
            }
            catch (ArgumentException)
            {
                return false;
            }
        }
    }
}
