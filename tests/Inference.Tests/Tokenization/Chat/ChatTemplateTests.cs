using Meridian.Inference.Tokenization.Chat;
using Meridian.Inference.Tokenization.Chat.Jinja;
using Microsoft.Extensions.Time.Testing;

namespace Meridian.Inference.Tests.Tokenization.Chat;

public sealed class ChatTemplateTests
{
    private static readonly FakeTimeProvider Time = new(new DateTimeOffset(2026, 3, 9, 14, 5, 7, TimeSpan.Zero));
    private static readonly Dictionary<string, string> SpecialTokens = new() { ["bos_token"] = "<s>", ["eos_token"] = "</s>" };

    [Theory]
    [InlineData("chatml")]
    [InlineData("headers")]
    [InlineData("inst")]
    [InlineData("turns")]
    [InlineData("tags")]
    public void Conversations_are_rendered_as_by_jinja2(string name)
    {
        var template = Parse(TemplateCases.Source(name));
        foreach (var item in TemplateCases.Conversations.Where(c => c.Template == name))
        {
            if (item.Error is { } error)
                Assert.Equal(error, Assert.Throws<ChatTemplateException>(() => template.Render(item.Turns, item.AddGenerationPrompt)).Message);
            else
                Assert.Equal(item.Text, template.Render(item.Turns, item.AddGenerationPrompt));
        }
    }

    [Fact]
    public void Every_part_of_the_subset_does_what_jinja2_does()
    {
        ChatTurn[] messages = [new("system", "S"), new("user", "U1"), new("assistant", "A1"), new("user", "U2")];
        var mistakes = new List<string>();
        foreach (var feature in TemplateCases.Features)
        {
            string? text;
            try
            {
                text = Parse(feature.Template).Render(messages, addGenerationPrompt: true);
            }
            catch (Exception e) when (e is ChatTemplateException or TemplateSyntaxException)
            {
                text = feature.Text is null && e is ChatTemplateException ? null : $"{e.GetType().Name}: {e.Message}";
            }

            if (text != feature.Text)
                mistakes.Add($"{feature.Template}\n  expected {feature.Text ?? "an error"}\n  rendered {text}");
        }

        Assert.True(mistakes.Count == 0, string.Join('\n', mistakes));
    }

    [Theory]
    [InlineData("{% include 'a' %}", 1, "{% include %}")]
    [InlineData("a\n{% for x in y recursive %}{% endfor %}", 2, "recursive")]
    [InlineData("\n\n{{ x | pprint }}", 3, "filter 'pprint'")]
    [InlineData("{{ x is odder }}", 1, "test 'odder'")]
    [InlineData("{{ x.popitem() }}", 1, "method 'popitem'")]
    [InlineData("{{ lipsum() }}", 1, "function 'lipsum'")]
    [InlineData("{{ [1] | map('frobnicate') }}", 1, "filter 'frobnicate'")]
    [InlineData("{{ f(*args) }}", 1, "(*, **)")]
    [InlineData("{% if x %}", 1, "not ended with endif")]
    [InlineData("{% if x %}{% endfor %}", 1, "endfor")]
    [InlineData("{% endif %}", 1, "ends nothing")]
    [InlineData("{{ x ", 1, "does not end with }}")]
    [InlineData("{{ (1 }}", 1, "closes nothing")]
    [InlineData("{{ 'abc }}", 1, "string does not end")]
    [InlineData("{# x", 1, "comment")]
    [InlineData("{{ }}", 1, "a value is expected")]
    [InlineData("{{ a b }}", 1, "'}}' is expected")]
    [InlineData("{{ $ }}", 1, "'$'")]
    [InlineData("{% break %}", 1, "no loop")]
    [InlineData("{% set x | upper %}a{% endset %}", 1, "filter on a {% set %}")]
    [InlineData("{% call f() %}{% endcall %}", 1, "{% call %}")]
    [InlineData("{% raw %} x", 1, "endraw")]
    [InlineData("{{ '\\uZZZZ' }}", 1, "hexadecimal")]
    public void What_is_not_supported_is_refused_with_line_and_reason(string template, int line, string reason)
    {
        var message = Assert.Throws<TemplateSyntaxException>(() => Parse(template)).Message;
        Assert.StartsWith($"line {line}: ", message, StringComparison.Ordinal);
        Assert.Contains(reason, message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}", "too many steps")]
    [InlineData("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "nest too deep")]
    [InlineData("{% macro f() %}{{ f() }}{{ f() }}{% endmacro %}{{ f() }}", "nest too deep")]
    [InlineData("{% set ns = namespace(s='ab') %}{% for i in range(60) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}", "too many steps")]
    [InlineData("{% set ns = namespace(s=[1]) %}{% for i in range(60) %}{% set ns.s = ns.s + ns.s %}{% endfor %}", "too many steps")]
    [InlineData("{% set ns = namespace(s=[]) %}{% for i in range(60) %}{% set ns.s = [ns.s, ns.s] %}{% endfor %}{{ ns.s | tojson }}", "too many steps")]
    [InlineData("{% set ns = namespace(s=[]) %}{% for i in range(60) %}{% set ns.s = [ns.s, ns.s] %}{% endfor %}{{ ns.s == ns.s }}{{ [ns.s] == [[ns.s, 1]] }}{{ ns.s }}", "too many steps")]
    [InlineData("{% set ns = namespace(s=[]) %}{% for i in range(90000) %}{% set ns.s = [ns.s] %}{% endfor %}{{ ns.s }}", "nest too deep")]
    [InlineData("{{ 'ab' * 100000000 }}", "characters")]
    [InlineData("{{ 'ab' * 9223372036854775807 }}", "characters")]
    [InlineData("{% for i in range(100000) %}{{ 'x' * 100000 }}{% endfor %}", "characters")]
    [InlineData("{% set s = 'a' * 1000000 %}{{ s | replace('a', s) }}", "characters")]
    [InlineData("{{ 2 ** 64 }}", "64 bits")]
    public void A_template_cannot_hang_or_fill_a_region(string template, string reason)
    {
        var error = Assert.Throws<ChatTemplateException>(() => Parse(template).Render([new("user", "x")], false));
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.Contains("line 1", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Deep_nesting_is_refused_and_does_not_end_the_process()
    {
        foreach (var (open, close) in new[] { ("(", ")"), ("[", "]"), ("-", ""), ("not ", ""), ("x if x else ", "") })
        {
            var nested = string.Concat(Enumerable.Repeat(open, 200_000)) + "1" + string.Concat(Enumerable.Repeat(close, 200_000));
            Assert.Contains("nest too deep", Assert.Throws<TemplateSyntaxException>(() => Parse("{{ " + nested + " }}")).Message, StringComparison.Ordinal);
        }

        var blocks = string.Concat(Enumerable.Repeat("{% if 1 %}", 100_000));
        Assert.Throws<TemplateSyntaxException>(() => Parse(blocks));

        // Chains are read in a loop but evaluated one inside the other.
        var chain = "{{ 1" + string.Concat(Enumerable.Repeat(" + 1", 100_000)) + " }}";
        Assert.Contains("nest too deep", Assert.Throws<ChatTemplateException>(() => Parse(chain).Render([], false)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Long_conversations_are_no_endless_templates()
    {
        var template = Parse(TemplateCases.Source("inst"));
        var turns = Enumerable.Range(0, 9_999).Select(i => new ChatTurn(i % 2 == 0 ? "user" : "assistant", new string('x', 800))).ToArray();
        Assert.True(template.Render(turns, true).Length > 7_999_200);
    }

    [Fact]
    public void A_developer_speaks_as_system_where_the_template_does_not_know_it()
    {
        ChatTurn[] turns = [new("developer", "Be kind."), new("user", "Hi")];
        Assert.Equal("system:Be kind.;user:Hi;", Parse("{% for m in messages %}{{ m.role }}:{{ m.content }};{% endfor %}").Render(turns, true));
        Assert.Equal("dev user", Parse("{{ 'dev' if messages[0].role == 'developer' }} {{ messages[1].role }}").Render(turns, true));
    }

    [Fact]
    public void Failures_name_the_line()
    {
        var template = Parse("a\nb\n{% if true %}\n{{ messages[0].nothing.more }}\n{% endif %}");
        Assert.Contains("line 4: 'nothing'", Assert.Throws<ChatTemplateException>(() => template.Render([new("user", "x")], false)).Message.Replace("['nothing']", "nothing", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public void Names_and_conditions_of_a_conversation_are_seen()
    {
        var template = Parse("{% for m in messages %}{{ m.name | default('-') }}{{ 'name' in m }};{% endfor %}{{ add_generation_prompt }}");
        Assert.Equal("annTrue;-False;False", template.Render([new("user", "x", "ann"), new("user", "y")], false));
    }

    [Fact]
    public async Task Conversations_are_rendered_as_by_hugging_faces_jinja()
    {
        var cases = TemplateCases.Conversations;
        var requests = cases.Select(c => new { template = TemplateCases.Source(c.Template), c.Turns, c.AddGenerationPrompt });
        var rendered = await NodeScript.RunAsync("@huggingface/jinja", "Tokenization/Chat/jinja.mjs", new { cases = requests.Select(r => new
        {
            r.template,
            messages = r.Turns.Select(t => new { role = t.Role, content = t.Content }),
            addGenerationPrompt = r.AddGenerationPrompt,
        }) });
        var answers = rendered.EnumerateArray().ToArray();
        Assert.Equal(cases.Count, answers.Length);
        foreach (var (item, answer) in cases.Zip(answers))
        {
            var theirs = answer.TryGetProperty("text", out var text) ? text.GetString() : null;
            Assert.Equal(item.Text, theirs);
        }
    }

    private static ChatTemplate Parse(string source) => ChatTemplate.Parse(source, SpecialTokens, Time);
}
