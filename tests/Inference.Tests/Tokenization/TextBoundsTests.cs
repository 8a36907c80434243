using System.Text.Json.Nodes;
using Meridian.Inference.Packages;
using Meridian.Inference.Tokenization;

namespace Meridian.Inference.Tests.Tokenization;

/// <summary>What stands beside a tokenizer: which tokens it puts around texts, which token ends one, and what an export left set.</summary>
public sealed class TextBoundsTests : IDisposable
{
    // Of MadeTokenizer.ByteFallback.
    private const uint Begin = 1;
    private const uint End = 2;

    private readonly TemporaryDirectory _root = new();

    public void Dispose() => _root.Dispose();

    [Theory]
    [InlineData(true, null, null, true, false)]
    [InlineData(true, "false", null, false, false)]
    [InlineData(true, "true", null, true, false)]
    [InlineData(true, "true", "true", true, true)]
    [InlineData(true, "false", "true", false, true)]
    [InlineData(false, null, null, false, false)]
    [InlineData(false, "true", null, true, false)]
    [InlineData(false, null, "true", false, true)]
    [InlineData(false, "false", "false", false, false)]
    public async Task The_flags_of_the_configuration_decide_where_they_are_set(bool template, string? addBegin, string? addEnd, bool begins, bool ends)
    {
        using var tokenizer = await LoadAsync(template, Flags(addBegin, addEnd));
        uint[] bare = tokenizer.Encode("abc a.", 100, addSpecialTokens: false).Ids;
        uint[] expected = [.. begins ? [Begin] : Array.Empty<uint>(), .. bare, .. ends ? [End] : Array.Empty<uint>()];
        Assert.Equal(expected, tokenizer.Encode("abc a.", 100, addSpecialTokens: true).Ids);
        Assert.DoesNotContain(Begin, bare);

        // A long text is read as far as the limit, which counts them, too.
        var text = string.Concat(Enumerable.Repeat("abc ", 20_000));
        var cut = tokenizer.Encode(text, 50, addSpecialTokens: true);
        Assert.False(cut.Complete);
        Assert.True(cut.Ids.Length > 50);
        Assert.Equal(begins, cut.Ids[0] == Begin);
        Assert.True(tokenizer.Encode(text, 100_000, addSpecialTokens: true).Complete);
    }

    [Theory]
    [InlineData("""{ "add_bos_token": true }""", "no bos_token is named there")]
    [InlineData("""{ "add_eos_token": true, "eos_token": "<none>" }""", "'<none>' is no token of it")]
    public async Task A_token_that_is_to_be_added_must_exist(string configuration, string expected)
    {
        var refused = await Assert.ThrowsAsync<ModelPackageException>(() => LoadAsync(template: false, configuration));
        Assert.Contains(expected, refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{ "eos_token": "</s>" }""", null, 2)]
    [InlineData("""{ "eos_token": { "content": "</s>", "special": true } }""", null, 2)]
    [InlineData("""{ "eos_token": null }""", """{ "eos_token": { "content": "</s>" } }""", 2)]
    [InlineData("""{ "eos_token": "bc" }""", """{ "eos_token": "</s>" }""", 266)]
    [InlineData("""{ "eos_token": "<none>" }""", null, null)]
    [InlineData("""{ "eos_token": 7 }""", null, null)]
    [InlineData("[]", null, null)]
    public async Task The_tokenizers_own_end_is_found(string configuration, string? map, int? expected)
    {
        using var tokenizer = await LoadAsync(template: false, configuration, map);
        Assert.Equal(expected, tokenizer.EndId);
    }

    [Fact]
    public async Task Truncation_and_padding_that_were_saved_with_it_are_off()
    {
        var plain = MadeTokenizer.ByteFallback(leadingSpace: true);
        var saved = plain.DeepClone().AsObject();
        saved["truncation"] = JsonNode.Parse("""{ "direction": "Right", "max_length": 8, "strategy": "LongestFirst", "stride": 0 }""");
        saved["padding"] = JsonNode.Parse(
            """{ "strategy": { "Fixed": 16 }, "direction": "Right", "pad_to_multiple_of": null, "pad_id": 2, "pad_type_id": 0, "pad_token": "</s>" }""");
        using var other = new TemporaryDirectory();
        var (first, second) = (await MadeTokenizer.PackageAsync(_root.Path, MadeTokenizer.Json(plain)), await MadeTokenizer.PackageAsync(other.Path, MadeTokenizer.Json(saved)));
        using var a = GenerationTokenizer.Load(first);
        using var b = GenerationTokenizer.Load(second);
        using var c = TextTokenizer.Load(second);
        foreach (var text in new[] { "", "a", "abc abc. a bc", string.Concat(Enumerable.Repeat("abc a. ", 40)) })
        {
            var expected = a.Encode(text, 1000, addSpecialTokens: true).Ids;
            Assert.Equal(expected, b.Encode(text, 1000, addSpecialTokens: true).Ids);
            Assert.Equal(expected, c.Encode(text, 1000).Ids);
        }
    }

    private static string Flags(string? addBegin, string? addEnd)
    {
        var flags = new JsonObject { ["bos_token"] = "<s>", ["eos_token"] = "</s>" };
        if (addBegin is not null)
            flags["add_bos_token"] = addBegin == "true";
        if (addEnd is not null)
            flags["add_eos_token"] = addEnd == "true";
        return flags.ToJsonString();
    }

    private async Task<GenerationTokenizer> LoadAsync(bool template, string configuration, string? map = null)
    {
        var tokenizer = MadeTokenizer.ByteFallback(leadingSpace: true);
        if (template)
        {
            tokenizer["post_processor"] = JsonNode.Parse(
                """
                { "type": "TemplateProcessing",
                  "single": [ { "SpecialToken": { "id": "<s>", "type_id": 0 } }, { "Sequence": { "id": "A", "type_id": 0 } } ],
                  "pair": [ { "Sequence": { "id": "A", "type_id": 0 } }, { "Sequence": { "id": "B", "type_id": 0 } } ],
                  "special_tokens": { "<s>": { "id": "<s>", "ids": [ 1 ], "tokens": [ "<s>" ] } } }
                """);
        }

        (string, string)[] others = map is null ? [("tokenizer_config.json", configuration)] : [("tokenizer_config.json", configuration), ("special_tokens_map.json", map)];
        return GenerationTokenizer.Load(await MadeTokenizer.PackageAsync(_root.Path, MadeTokenizer.Json(tokenizer), others));
    }
}
