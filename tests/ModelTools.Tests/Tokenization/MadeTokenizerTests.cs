using System.Text;
using CsCheck;
using Meridian.Inference.Packages.HuggingFace;
using Meridian.Inference.Tokenization;
using Meridian.Inference.Tokenization.Chat;
using Meridian.ModelTools.Llama;
using Meridian.ModelTools.Tests.Harness;
using Meridian.ModelTools.Tokenization;

namespace Meridian.ModelTools.Tests.Tokenization;

public sealed class MadeTokenizerTests
{
    [Theory]
    [InlineData(261)]
    [InlineData(384)]
    [InlineData(16_384)]
    public void A_vocabulary_has_the_size_asked_for_and_every_merge_makes_a_token(int size)
    {
        var vocabulary = MadeVocabulary.Make(size);

        Assert.Equal(size, vocabulary.Tokens.Count);
        Assert.Equal(size, vocabulary.Tokens.Distinct(StringComparer.Ordinal).Count());
        var known = vocabulary.Tokens.Take(261).ToHashSet(StringComparer.Ordinal);
        foreach (var (left, right) in vocabulary.Merges)
        {
            Assert.Contains(left, known);
            Assert.Contains(right, known);
            Assert.True(known.Add(left + right));
        }

        Assert.Equal(known, vocabulary.Tokens.ToHashSet(StringComparer.Ordinal));
    }

    [Fact]
    public void A_smaller_vocabulary_begins_a_larger_one() =>
        Assert.Equal(MadeVocabulary.Make(400).Tokens, MadeVocabulary.Make(5000).Tokens.Take(400));

    [Theory]
    [InlineData(261)]
    [InlineData(384)]
    [InlineData(4096)]
    public void Any_text_comes_back(int size)
    {
        using var folder = new TemporaryFolder();
        using var tokenizer = Load(folder.Path, size);

        foreach (var text in new[] { "", "Once upon a time", "  two  spaces\n\ttab", "naïve façade — 日本語 🙂👩‍👩‍👧", "the <|not_special|> 1234567890", new string('x', 500) })
            Assert.Equal(text, RoundTrip(tokenizer, text));
        Gen.String.Sample(text => RoundTrip(tokenizer, text) == Sound(text), iter: 500);
    }

    [Fact]
    public void Bos_stands_in_front_and_frequent_words_are_one_token()
    {
        using var folder = new TemporaryFolder();
        using var tokenizer = Load(folder.Path, 4096);

        var ids = tokenizer.Encode("the water and the people", 100, addSpecialTokens: true).Ids;

        Assert.Equal(1u, ids[0]);
        Assert.Equal(6, ids.Length);
        Assert.Equal("the water and the people", tokenizer.Decode([.. ids.Select(id => (int)id)]));
    }

    [Fact]
    public void A_conversation_is_rendered_and_its_special_tokens_are_single_ids()
    {
        using var folder = new TemporaryFolder();
        using var tokenizer = Load(folder.Path, 384);

        Assert.True(tokenizer.HasChatTemplate);
        var text = tokenizer.Render([new ChatTurn("user", "hi")], addGenerationPrompt: true);

        Assert.Equal("<|begin_of_text|><|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n", text.Text);
        var ids = tokenizer.Encode(text, 100).Ids;
        Assert.Equal([1u, 3u], ids[..2]);
        Assert.Contains(4u, ids);
    }

    private static GenerationTokenizer Load(string directory, int size)
    {
        var model = Path.Combine(directory, "model");
        LlamaFolder.Make(model, LlamaFolder.Configure(1, 16, 2, 1, 16, size, 64), seed: 1, Inference.Decoders.Contract.KvLayout.Concatenated);
        return GenerationTokenizer.Load(new HuggingFaceSource("made", model).Check());
    }

    private static string RoundTrip(GenerationTokenizer tokenizer, string text) =>
        tokenizer.Decode([.. tokenizer.Encode(text, 1_000_000, addSpecialTokens: false).Ids.Select(id => (int)id)], skipSpecialTokens: false);

    // Unpaired surrogates become U+FFFD.
    private static string Sound(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
}
