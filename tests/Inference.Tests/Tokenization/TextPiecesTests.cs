using CsCheck;
using Meridian.Inference.Packages;
using Meridian.Inference.Tests.Decoders;
using Meridian.Inference.Tokenization;

namespace Meridian.Inference.Tests.Tokenization;

/// <summary>A long text is encoded in pieces, whose ids are those of the whole.</summary>
public sealed class TextPiecesTests
{
    private static readonly string[] Words =
        ["the", " the", "in", " ", "  ", "\n", "\t", "er1", ".", ", ", "語", "é", "😀", "aaaa", "<|end|>", " <|end|> ", "</s>", "[SEP]", "A B", "▁", "\ud800", "'s", "(a b)", "Ġ"];

    [Fact]
    public async Task Pieces_have_the_ids_of_the_whole_and_are_few_of_a_time()
    {
        using var root = new TemporaryDirectory();
        foreach (var (json, cuts) in new[] { (MadeTokenizer.ByteLevel(), true), (MadeTokenizer.ByteFallback(leadingSpace: false), true), (MadeTokenizer.ByteFallback(leadingSpace: true), false) })
        {
            var file = TokenizerFile.Read(await MadeTokenizer.PackageAsync(root.Path, MadeTokenizer.Json(json)));
            using var native = NativeTokenizer.Load(file);
            AssertPieces(native, file, cuts, iter: 6);
        }
    }

    [Theory]
    [InlineData("int4-256", true)]
    [InlineData("families/qwen2-biases-tied", true)]
    [InlineData("families/llama3-rope-scaling", true)]
    [InlineData("families/gpt2", true)]
    [InlineData("families/gemma2", true)]
    [InlineData("families/bert-mean", true)]
    [InlineData("families/xlm-roberta-prompts", true)]
    [InlineData("stories260k", false)]
    public async Task Real_tokenizers_have_the_same_ids_in_pieces(string model, bool cuts)
    {
        using var root = new TemporaryDirectory();
        File.Copy(Path.Combine(TestModels.Folder(model), "tokenizer.json"), Path.Combine(root.Path, "tokenizer.json"));
        ModelPackage package = await MadePackage.OfAsync(root.Path, "tokenizer.json");
        var file = TokenizerFile.Read(package);
        using var native = NativeTokenizer.Load(file);
        AssertPieces(native, file, cuts, iter: 3);
    }

    [Fact]
    public async Task A_caller_who_has_gone_is_noticed_after_a_piece()
    {
        using var root = new TemporaryDirectory();
        var file = TokenizerFile.Read(await MadeTokenizer.PackageAsync(root.Path, MadeTokenizer.Json(MadeTokenizer.ByteLevel())));
        using var gone = new CancellationTokenSource();
        var encoded = 0L;
        var pieces = new TextPieces(
            text =>
            {
                encoded += text.Length;
                if (text.Length > TextPieces.Size / 2)
                    gone.Cancel();
                return [.. text.Select(c => (uint)c)];
            },
            file);

        Assert.Throws<OperationCanceledException>(() => pieces.Encode(string.Concat(Enumerable.Repeat("a b ", 1_000_000)), gone.Token));
        Assert.InRange(encoded, 1, TextPieces.Size + 10_000);
        Assert.Throws<OperationCanceledException>(() => pieces.Encode("short", gone.Token));
    }

    private static void AssertPieces(NativeTokenizer native, TokenizerFile file, bool cuts, int iter)
    {
        Gen.Int[0, Words.Length - 1].List[40_000, 60_000].Sample(
            picks =>
            {
                var text = string.Concat(picks.Select(p => Words[p]));
                text = System.Text.Encoding.UTF8.GetString(System.Text.Encoding.UTF8.GetBytes(text));
                var longest = 0;
                var pieces = new TextPieces(
                    part =>
                    {
                        longest = Math.Max(longest, part.Length);
                        return Whole(part);
                    },
                    file);
                Assert.Equal(Whole(text), pieces.Encode(text, CancellationToken.None));
                Assert.Equal(cuts, longest < TextPieces.Size * 2);
            },
            iter: iter,
            threads: 1);

        uint[] Whole(string text) => native.EncodeWhole(text);
    }
}
