using Meridian.Inference.Tokenization.Chat;
using Meridian.Jinja.Syntax;
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
                Assert.Equal(item.Text, template.Render(item.Turns, item.AddGenerationPrompt).Value);
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
                text = Parse(feature.Template).Render(messages, addGenerationPrompt: true).Value;
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
    [InlineData("{% raw %} x", 1, "endraw")]
    [InlineData("\n{{ x.99999999999999999999 }}", 2, "99999999999999999999 is larger than 64 bits")]
    [InlineData("{{ '\\uZZZZ' }}", 1, "hexadecimal")]
    [InlineData("{% filter upper %}x", 1, "endfilter")]
    [InlineData("{% block x %}{% if y %}{% endblock %}", 1, "endif")]
    public void What_is_no_jinja_is_refused_with_line_and_reason(string template, int line, string reason)
    {
        var message = Assert.Throws<TemplateSyntaxException>(() => Parse(template)).Message;
        Assert.StartsWith($"line {line}: ", message, StringComparison.Ordinal);
        Assert.Contains(reason, message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{% include 'a' %}", "the tag {% include %}")]
    [InlineData("{% block a %}{% if x %}{% else %}{% endif %}{% endblock %}", "the tag {% block %}")]
    [InlineData("{% trans %}a{% endtrans %}", "the tag {% trans %}")]
    [InlineData("{% frobnicate 1, 2 %}", "the tag {% frobnicate %}")]
    [InlineData("{% for x in [1] recursive %}{% endfor %}", "recursive")]
    [InlineData("{{ x | from_json }}", "the filter 'from_json'")]
    [InlineData("{% filter frobnicate %}x{% endfilter %}", "the filter 'frobnicate'")]
    [InlineData("{% set x | frobnicate %}x{% endset %}", "the filter 'frobnicate'")]
    [InlineData("{{ 1 is odder }}", "the test 'odder'")]
    [InlineData("{{ 'a'.encode() }}", "a string has no method 'encode'")]
    [InlineData("{% set _ = messages.append(1) %}", "a list has no method 'append'")]
    [InlineData("{{ messages[0].popitem() }}", "popitem")]
    [InlineData("{{ lipsum() }}", "'lipsum' is undefined")]
    [InlineData("{{ [1] | map('frobnicate') }}", "the filter 'frobnicate'")]
    [InlineData("{{ [1] | select('frobnicate') }}", "the test 'frobnicate'")]
    [InlineData("{{ raise_exception(*messages) }}", "(*, **)")]
    [InlineData("{{ messages[1, 2] }}", "several values")]
    [InlineData("{{ 99999999999999999999 }}", "64 bits")]
    [InlineData("{{ {[1]: 1} }}", "a list cannot be a key")]
    [InlineData("{{ '%s' % 1 }}", "'%'")]
    public void What_is_not_supported_is_an_error_of_the_line_that_is_reached(string part, string reason)
    {
        Assert.Equal("ab", Parse("a\n{%- if false %}" + part + "{% endif %}b").Render([new("user", "x")], false).Value);
        var message = Assert.Throws<ChatTemplateException>(() => Parse("a\n\n" + part).Render([new("user", "x")], false)).Message;
        Assert.Contains("line 3: ", message, StringComparison.Ordinal);
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

    // Each would run for minutes at least, or fill the memory, if its steps were not counted while it takes them.
    [Theory]
    [InlineData("{% for i in range(100000) %}{% set x = range(100000) %}{% endfor %}")]
    [InlineData("{% set r = range(100000) %}{% for i in r %}{{ r | sum }}{% endfor %}")]
    [InlineData("{% for i in range(100000) %}{% set x = MANY | items %}{% endfor %}")]
    [InlineData("{% for i in range(100000) %}{% set x = MANY | dictsort %}{% endfor %}")]
    [InlineData("{% for i in range(100000) %}{% set x = MANY | tojson(sort_keys=true) %}{% endfor %}")]
    [InlineData("{% for i in range(100000) %}{% set x = dict(MANY) %}{% endfor %}")]
    [InlineData("{% for i in range(100000) %}{% set x = namespace(MANY) %}{% endfor %}")]
    [InlineData("{% set r = range(100000) %}{% for i in r %}{% set x = r | sort %}{% endfor %}")]
    [InlineData("{% set r = range(100000) %}{% for i in r %}{% set x = r | join %}{% endfor %}")]
    [InlineData("{{ PART in TEXT }}")]
    [InlineData("{{ TEXT.find(PART) }}")]
    [InlineData("{{ TEXT.rfind(PART) }}")]
    [InlineData("{{ TEXT.count(PART) }}")]
    [InlineData("{{ TEXT.split(PART) }}")]
    [InlineData("{{ TEXT.rsplit(PART) }}")]
    [InlineData("{{ TEXT.replace(PART, '') }}")]
    [InlineData("{{ TEXT | replace(PART, '', 1) }}")]
    [InlineData("{{ TEXT.strip(PART ~ 'a') }}")]
    [InlineData("{% set t = TEXT %}{% for i in range(100000) %}{% set x = t[0] %}{% endfor %}")]
    [InlineData("{% set t = TEXT %}{% for i in range(100000) %}{% set x = t | int %}{% endfor %}")]
    [InlineData("{% set t = TEXT %}{% for i in range(100000) %}{% set x = t | float %}{% endfor %}")]
    [InlineData("{% set t = TEXT %}{% set d = {t: 1} %}{% for i in range(100000) %}{% set x = t in d %}{% endfor %}")]
    [InlineData("{% set t = TEXT %}{% set d = {t: 1} %}{% for i in range(100000) %}{% set x = d[t] %}{% endfor %}")]
    [InlineData("{% set d = {'a': 1} %}{% set t = 'a' ~ '.a' * 400000 %}{% for i in range(100000) %}{% set x = [d] | map(attribute=t) | list %}{% endfor %}", "steps", "undefined")]
    [InlineData("{{ ('\n' * 2000000) | indent(0, blank=true) }}")]
    [InlineData("{{ ('\n' * 500000) | indent(63, blank=true) }}", "characters")]
    [InlineData("{% set ns = namespace(s={'k' * 100000: 1}) %}{% for i in range(20) %}{% set ns.s = [ns.s, ns.s] %}{% endfor %}{{ ns.s }}", "characters")]
    [InlineData("{% set ns = namespace(s={'k' * 100000: 1}) %}{% for i in range(20) %}{% set ns.s = [ns.s, ns.s] %}{% endfor %}{{ ns.s | tojson }}", "characters")]
    [InlineData("{% set ns = namespace(s={'k': 1}) %}{% for i in range(18) %}{% set ns.s = [ns.s, ns.s] %}{% endfor %}{{ ns.s | tojson(separators=['k' * 100000, ':']) }}", "characters")]
    [InlineData("{{ range(100000) | join('k' * 100000) }}", "characters")]
    public void Work_is_counted_while_it_is_done(string template, params string[] reasons)
    {
        var many = "{" + string.Join(", ", Enumerable.Range(0, 2_000).Select(i => $"'k{i}': {i}")) + "}";
        var source = "{% set many = " + many + " %}" + template
            .Replace("MANY", "many", StringComparison.Ordinal)
            .Replace("TEXT", "('a' * 2000000)", StringComparison.Ordinal)
            .Replace("PART", "('a' * 100000 ~ 'b')", StringComparison.Ordinal);

        var message = Assert.Throws<ChatTemplateException>(() => Parse(source).Render([new("user", "x")], false)).Message;

        Assert.Contains(reasons is [] ? ["too many steps"] : reasons, reason => message.Contains(reason, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("{{ [1, 'a'] | sort }}", "cannot be compared")]
    [InlineData("{{ [{'a': 1}, {'a': none}, {'a': 2}] | sort(attribute='a') }}", "cannot be compared")]
    public void What_cannot_be_sorted_fails_as_a_template_does(string template, string reason) =>
        Assert.Contains(reason, Assert.Throws<ChatTemplateException>(() => Parse(template).Render([], false)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("{{ 'abc'[::9223372036854775807] }}", "a")]
    [InlineData("{{ 'abc'[::-9223372036854775807] }}", "c")]
    [InlineData("{{ [1, 2, 3][1::9223372036854775807] }}", "[2]")]
    [InlineData("{{ 'abc'[-9223372036854775807:9223372036854775807:3] }}", "a")]
    [InlineData("{{ range(9223372036854775800, 9223372036854775807, 5) }}", "[9223372036854775800, 9223372036854775805]")]
    [InlineData("{{ (0 - 9223372036854775807 - 1) is divisibleby(0 - 1) }}", "True")]
    [InlineData("{{ {'b': 1, 'A': 2} | dictsort }}", "[['A', 2], ['b', 1]]")]
    [InlineData("{{ 'a\n\nb\n' | indent(2) }}|", "a\n\n  b\n|")]
    public void The_greatest_numbers_and_odd_ends_are_as_in_python(string template, string text) => Assert.Equal(text, Parse(template).Render([], false).Value);

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
        Assert.Equal("system:Be kind.;user:Hi;", Parse("{% for m in messages %}{{ m.role }}:{{ m.content }};{% endfor %}").Render(turns, true).Value);
        Assert.Equal("dev user", Parse("{{ 'dev' if messages[0].role == 'developer' }} {{ messages[1].role }}").Render(turns, true).Value);
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
        Assert.Equal("annTrue;-False;False", template.Render([new("user", "x", "ann"), new("user", "y")], false).Value);
    }

    [Fact]
    public async Task Conversations_are_rendered_as_by_hugging_faces_jinja()
    {
        var cases = TemplateCases.Conversations;
        var requests = cases.Select(c => new { template = TemplateCases.Source(c.Template), c.Turns, c.AddGenerationPrompt });
        var rendered = await NodeScript.RunAsync("@huggingface/jinja", "Tokenization/Chat/jinja.mjs", new
        {
            cases = requests.Select(r => new
            {
                r.template,
                messages = r.Turns.Select(t => new { role = t.Role, content = t.Content }),
                addGenerationPrompt = r.AddGenerationPrompt,
            })
        });
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
