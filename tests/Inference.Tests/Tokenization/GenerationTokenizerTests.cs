using System.Text.Json.Nodes;
using CsCheck;
using Meridian.Inference.Packages;
using Meridian.Inference.Tests.Decoders;
using Meridian.Inference.Tests.Reference;
using Meridian.Inference.Tokenization;
using Meridian.Inference.Tokenization.Chat;

namespace Meridian.Inference.Tests.Tokenization;

public sealed class GenerationTokenizerTests
{
    [Theory]
    [MemberData(nameof(StoriesTexts.Models), MemberType = typeof(StoriesTexts))]
    public async Task All_golden_texts_become_their_ids_and_back(string model)
    {
        using var tokenizer = GenerationTokenizer.Load(await StoriesTexts.PackageAsync(model));
        var golden = StoriesTexts.Golden(model);
        var cases = golden.GetProperty("tokenizer").GetProperty("cases").EnumerateArray().ToArray();
        Assert.InRange(cases.Length, 10, 50);
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

    [Fact]
    public async Task Ids_and_texts_equal_those_of_hugging_faces_javascript()
    {
        using var root = new TemporaryDirectory();
        foreach (var json in new[] { File.ReadAllText(Path.Combine(TestModels.Folder(TestModels.BuiltIn), "tokenizer.json")), MadeTokenizer.Json(MadeTokenizer.ByteLevel()), MadeTokenizer.Json(MadeTokenizer.ByteFallback(leadingSpace: false)) })
        {
            var package = await MadeTokenizer.PackageAsync(root.Path, json);
            using var tokenizer = GenerationTokenizer.Load(package);
            string[] texts = [.. VariedTexts.All.Where(t => t.Length < 3000 && !HasHalfCharacter(t)), "the aaaa    <|end|> in</s> the", ""];
            var answer = await NodeScript.RunAsync("@huggingface/tokenizers", "Tokenization/tokenizers.mjs", new { tokenizer = json, texts });
            var theirs = answer.EnumerateArray().ToArray();
            Assert.Equal(texts.Length, theirs.Length);
            foreach (var (text, item) in texts.Zip(theirs))
            {
                int[] ids = [.. tokenizer.Encode(text, 100_000, addSpecialTokens: false).Ids.Select(i => (int)i)];
                Assert.Equal(item.GetProperty("ids").EnumerateArray().Select(n => n.GetInt32()), ids);

                // Their byte fallback takes a byte order mark for one, wherever it stands.
                Assert.Equal(Unmarked(item.GetProperty("text").GetString()!), Unmarked(tokenizer.Decode(ids)));
            }
        }
    }

    [Fact]
    public async Task A_long_text_is_read_only_until_it_is_certain()
    {
        using var root = new TemporaryDirectory();
        string[] pieces = ["the ", "  ", "語", "in", "aaaaaaa", "<|end|>", new string('a', 700), "😀é", "\n", "\ud800"];
        foreach (var json in new[] { MadeTokenizer.ByteLevel(), MadeTokenizer.ByteFallback(leadingSpace: true) })
        {
            using var tokenizer = GenerationTokenizer.Load(await MadeTokenizer.PackageAsync(root.Path, MadeTokenizer.Json(json)));
            Gen.Int[0, pieces.Length - 1].List[1, 3000].Sample(
                picks =>
                {
                    var text = string.Concat(picks.Select(p => pieces[p]));
                    const int limit = 50;
                    var whole = tokenizer.Encode(text, 10_000_000, addSpecialTokens: true);
                    var tokens = tokenizer.Encode(text, limit, addSpecialTokens: true);
                    Assert.True(whole.Complete);
                    Assert.True(tokens.Complete ? tokens.Ids.SequenceEqual(whole.Ids) : tokens.Ids.Length > limit && tokens.Ids.Length <= whole.Ids.Length);
                    Assert.Equal(whole.Ids.Take(limit), tokens.Ids.Take(limit));
                },
                iter: 60,
                threads: 1);

            foreach (var megabytes in new[] { new string('x', 8_000_000), string.Concat(Enumerable.Repeat("the in ", 1_200_000)), new string(' ', 8_000_000) })
            {
                var tokens = tokenizer.Encode(megabytes, 512, addSpecialTokens: true);
                Assert.False(tokens.Complete);
                Assert.InRange(tokens.Ids.Length, 513, 40_000);
            }
        }
    }

    [Fact]
    public async Task Damaged_tokenizers_are_refused_with_file_and_reason()
    {
        using var root = new TemporaryDirectory();
        var sound = MadeTokenizer.ByteLevel();
        var json = MadeTokenizer.Json(sound);
        foreach (var (damaged, reason) in new (string, string)[]
        {
            ("", "no Hugging Face tokenizer"),
            (json[..(json.Length / 2)], "no Hugging Face tokenizer"),
            ("{\"a\":1}", "no Hugging Face tokenizer"),
            ("[1,2]", "no Hugging Face tokenizer"),
            ("null", "no Hugging Face tokenizer"),
            (Changed(t => t["model"]!["vocab"] = 5), "no Hugging Face tokenizer"),
            (Changed(t => t["model"]!["vocab"]!["the"] = "x"), "no Hugging Face tokenizer"),
            (Changed(t => t["model"]!["vocab"]!["he"] = -1), "the id -1"),
            (Changed(t => t["model"]!["vocab"]!["he"] = 2_000_000_000), "the id 2000000000"),
            (Changed(t => t["model"]!["vocab"]!["he"] = 3), "gives id 3 to the tokens"),
            (Changed(t => ((JsonObject)t["model"]!["vocab"]!).Remove("Ġt")), "whose id 269 is that of"),
            (Changed(t => ((JsonArray)t["model"]!["merges"]!).Add("no such")), "cannot be loaded"),
            (Changed(t => t["model"]!["type"] = "Novel"), "cannot be loaded"),
            (Changed(t => t["added_tokens"]![0]!["id"] = 99_999), "gives the added token '<|end|>' the id 99999"),
            (Changed(t => t["added_tokens"]![0]!["id"] = 5), "gives the added token '<|end|>' the id 5"),
            (Changed(t => t["added_tokens"]![0]!["content"] = "he"), "gives the added token 'he' the id 270"),
            (Changed(t => ((JsonObject)t["added_tokens"]![0]!).Remove("id")), "no Hugging Face tokenizer"),
            (Changed(t => t["decoder"] = "x"), "decoder that cannot be read"),
            (Changed(t => t["decoder"] = new JsonObject { ["type"] = "Sequence" }), "decoder that cannot be read"),
            (Changed(t => t["model"]!["vocab"] = new JsonArray(new JsonArray())), "no Hugging Face tokenizer"),
            (Changed(t => t["model"]!["vocab"] = new JsonArray(new JsonArray(null, 0))), "no Hugging Face tokenizer"),
            (Changed(t => t["decoder"] = JsonNode.Parse("""{"type":"Replace","pattern":{"String":null},"content":""}""")), "decoder that cannot be read"),
            (Changed(t => t["decoder"] = JsonNode.Parse("""{"type":"Replace","pattern":{"String":"a"},"content":null}""")), "decoder that cannot be read"),
            (Changed(t => t["decoder"] = JsonNode.Parse("""{"type":"WordPiece","prefix":null,"cleanup":true}""")), "decoder that cannot be read"),
            (json.Replace("\"he\":", "\"\\ud800\":", StringComparison.Ordinal), "no Hugging Face tokenizer"),
        })
        {
            var package = await MadeTokenizer.PackageAsync(root.Path, damaged);
            var error = Assert.Throws<ModelPackageException>(() => GenerationTokenizer.Load(package));
            Assert.Contains(reason, error.Message, StringComparison.Ordinal);
            Assert.Contains(Path.Combine(root.Path, "tokenizer.json"), error.Message, StringComparison.Ordinal);
        }

        string Changed(Action<JsonNode> change)
        {
            var copy = sound.DeepClone();
            change(copy);
            return MadeTokenizer.Json((JsonObject)copy);
        }
    }

    [Fact]
    public async Task The_chat_template_is_found_where_hugging_face_keeps_it()
    {
        using var root = new TemporaryDirectory();
        var json = MadeTokenizer.Json(MadeTokenizer.ByteLevel());
        ChatTurn[] turns = [new("user", "hi")];
        foreach (var (expected, files) in new (string?, (string, string)[])[]
        {
            (null, []),
            (null, [("tokenizer_config.json", """{"chat_template":null}""")]),
            (null, [("tokenizer_config.json", """{"chat_template":[{"name":"tools","template":"x"}]}""")]),
            ("user.", [("tokenizer_config.json", """{"chat_template":"{{ messages[0].role }}{{ eos_token }}","eos_token":"."}""")]),
            ("<e>", [("tokenizer_config.json", """{"chat_template":[{"name":"tools","template":"x"},{"name":"default","template":"{{ eos_token }}"}],"eos_token":{"content":"<e>","lstrip":false}}""")]),
            ("<e>!", [("tokenizer_config.json", """{"chat_template":"{{ eos_token }}!"}"""), ("special_tokens_map.json", """{"eos_token":"<e>"}""")]),
            ("file <b>", [("tokenizer_config.json", """{"chat_template":"other","bos_token":"<b>"}"""), ("chat_template.jinja", "file {{ bos_token }}\n")]),
        })
        {
            using var tokenizer = GenerationTokenizer.Load(await MadeTokenizer.PackageAsync(root.Path, json, files));
            Assert.Equal(expected is not null, tokenizer.HasChatTemplate);
            if (expected is null)
                Assert.Throws<ChatTemplateException>(() => tokenizer.Render(turns, true));
            else
                Assert.Equal(expected, tokenizer.Render(turns, true).Text);
        }

        var refused = await MadeTokenizer.PackageAsync(root.Path, json, ("chat_template.jinja", "a\n{% if x %}"));
        var error = Assert.Throws<ModelPackageException>(() => GenerationTokenizer.Load(refused));
        Assert.Contains("chat_template.jinja", error.Message, StringComparison.Ordinal);
        Assert.Contains("line 2: {% if %} is not ended with endif", error.Message, StringComparison.Ordinal);
        var broken = await MadeTokenizer.PackageAsync(root.Path, json, ("tokenizer_config.json", "{"));
        Assert.Contains("tokenizer_config.json", Assert.Throws<ModelPackageException>(() => GenerationTokenizer.Load(broken)).Message, StringComparison.Ordinal);

        // Half a character, escaped: JSON, but no text.
        foreach (var (name, text) in new[]
        {
            ("tokenizer_config.json", """{"chat_template":"a\ud800"}"""),
            ("tokenizer_config.json", """{"chat_template":[{"name":"\ud800","template":"x"}]}"""),
            ("tokenizer_config.json", """{"chat_template":"a","eos_token":{"content":"\udc00"}}"""),
            ("tokenizer_config.json", """{"chat_template":"a","\ud800_token":"b"}"""),
            ("special_tokens_map.json", """{"eos_token":"\ud800"}"""),
        })
        {
            var half = await MadeTokenizer.PackageAsync(root.Path, json, [("tokenizer_config.json", """{"chat_template":"a"}"""), (name, text)]);
            Assert.Contains(name, Assert.Throws<ModelPackageException>(() => GenerationTokenizer.Load(half)).Message, StringComparison.Ordinal);
        }
    }

    private static string Unmarked(string text) => text.Replace("\ufeff", "", StringComparison.Ordinal);

    private static bool HasHalfCharacter(string text)
    {
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune == System.Text.Rune.ReplacementChar)
                return true;
        }

        return false;
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
