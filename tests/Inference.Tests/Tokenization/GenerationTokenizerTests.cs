using Meridian.Inference.Tokenization;

namespace Meridian.Inference.Tests.Tokenization;

public sealed class GenerationTokenizerTests
{
    [Fact]
    public async Task All_golden_texts_become_their_ids_and_back()
    {
        using var tokenizer = GenerationTokenizer.Load(await Stories.TextPackageAsync());
        var golden = Stories.Golden();
        var cases = golden.GetProperty("tokenizer").GetProperty("cases").EnumerateArray().ToArray();
        Assert.Equal(50, cases.Length);
        foreach (var item in cases)
        {
            var text = item.GetProperty("text").GetString()!;
            int[] ids = [.. item.GetProperty("ids").EnumerateArray().Select(n => n.GetInt32())];
            var encoded = tokenizer.Encode(text, 1000, addSpecialTokens: true);
            Assert.True(encoded.Complete);
            Assert.Equal(ids, encoded.Ids.Select(i => (int)i));
            Assert.Equal(ids[1..], tokenizer.Encode(text, 1000, addSpecialTokens: false).Ids.Select(i => (int)i));
            Assert.Equal(text, tokenizer.Decode(ids));
            Assert.Equal("<s>" + text, tokenizer.Decode(ids, skipSpecialTokens: false).Replace("<s> ", "<s>", StringComparison.Ordinal));
            Assert.Equal(text, Incremental(tokenizer, ids));
        }

        foreach (var item in golden.GetProperty("cases").EnumerateArray().Concat(golden.GetProperty("to_end_of_story").GetProperty("cases").EnumerateArray()))
        {
            int[] ids = [.. item.GetProperty("prompt_ids").EnumerateArray().Concat(item.GetProperty("generated_ids").EnumerateArray()).Select(n => n.GetInt32())];
            if (item.TryGetProperty("full_text", out var text))
                Assert.Equal(text.GetString(), Incremental(tokenizer, ids));
        }
    }

    private static string Incremental(GenerationTokenizer tokenizer, ReadOnlySpan<int> ids)
    {
        var detokenizer = tokenizer.CreateDetokenizer();
        var text = "";
        foreach (var id in ids)
            text += detokenizer.Append(id);
        return text + detokenizer.Flush();
    }
}
