using CsCheck;
using Meridian.Inference.Tokenization.Chat;
using Meridian.Jinja.Texts;
using Microsoft.Extensions.Time.Testing;

namespace Meridian.Inference.Tests.Tokenization.Chat;

public sealed class TrackedTextTests
{
    private static readonly FakeTimeProvider Time = new(new DateTimeOffset(2026, 3, 9, 14, 5, 7, TimeSpan.Zero));

    /// <summary>Against a text with one flag a character.</summary>
    [Fact]
    public void Every_character_keeps_its_origin()
    {
        var part = Gen.Select(Gen.String[Gen.Char['a', 'z'], 0, 6], Gen.Bool);
        Gen.Select(part.List[0, 12], Gen.Int[0, 80], Gen.Int[0, 80]).Sample((parts, from, length) =>
        {
            var built = new TrackedBuilder();
            var text = "";
            var flags = new List<bool>();
            foreach (var (letters, ofTemplate) in parts)
            {
                built.Append(ofTemplate ? TrackedText.OfTemplate(letters) : TrackedText.OfCaller(letters));
                text += letters;
                flags.AddRange(Enumerable.Repeat(ofTemplate, letters.Length));
            }

            from = Math.Min(from, text.Length);
            length = Math.Min(length, text.Length - from);
            AssertSame(built.Build(), text, flags);
            AssertSame(built.Build().Slice(from, length), text[from..(from + length)], flags[from..(from + length)]);
            AssertSame(new TrackedBuilder().Append(built.Build(), from, length).Append(built.Build()).Build(), text[from..(from + length)] + text, [.. flags[from..(from + length)], .. flags]);
            AssertSame(built.Build().ToUpper(), text.ToUpperInvariant(), flags);
        }, iter: 2_000);

        static void AssertSame(TrackedText tracked, string text, List<bool> flags)
        {
            Assert.Equal(text, tracked.Value);
            Assert.Equal(flags, Enumerable.Range(0, text.Length).Select(tracked.IsOfTemplate));
            Assert.Equal(flags.TrueForAll(flag => flag), tracked.IsWhollyOfTemplate);
        }
    }

    /// <param name="template">May use <c>c</c>, which is the caller's <c>&lt;C x&gt;</c>.</param>
    /// <param name="text">What it writes.</param>
    /// <param name="origin"><c>^</c> under each character of the caller's.</param>
    [Theory]
    [InlineData("{{ c }}t", "<C x>t", "^^^^^ ")]
    [InlineData("{{ 't' + c ~ 't' }}", "t<C x>t", " ^^^^^ ")]
    [InlineData("{{ c * 2 }}", "<C x><C x>", "^^^^^^^^^^")]
    [InlineData("{{ ('t' ~ c)[0:3] }}", "t<C", " ^^")]
    [InlineData("{{ ('t' ~ c)[::-1] }}", ">x C<t", "^^^^^ ")]
    [InlineData("{{ ('t' ~ c) | reverse }}", ">x C<t", "^^^^^ ")]
    [InlineData("{{ ('t' ~ c)[1] ~ 't'[0] }}", "<t", "^ ")]
    [InlineData("{{ (' t' ~ c ~ ' ') | trim }}", "t<C x>", " ^^^^^")]
    [InlineData("{{ (' t' ~ c).strip(' t') }}", "<C x>", "^^^^^")]
    [InlineData("{{ ('t' ~ c) | upper }}{{ ('T' ~ c).lower() }}", "T<C X>t<c x>", " ^^^^^ ^^^^^")]
    [InlineData("{{ ('t' ~ c) | title }}{{ c | capitalize }}", "T<C X><c x>", " ^^^^^^^^^^")]
    [InlineData("{{ ('t' ~ c) | replace('C', 't') }}", "t<t x>", " ^ ^^^")]
    [InlineData("{{ 'txt'.replace('x', c) }}", "t<C x>t", " ^^^^^ ")]
    [InlineData("{{ ('t' ~ c).split(' ') | join('-') }}", "t<C-x>", " ^^ ^^")]
    [InlineData("{{ ('t' ~ c).split()[1] }}{{ c.partition(' ') | join('') }}", "x><C x>", "^^^^ ^^")]
    [InlineData("{{ c | list | join('t') }}", "<tCt txt>", "^ ^ ^ ^ ^")]
    [InlineData("{{ [c, 't'] | sort | join }}{{ [c] | first }}", "<C x>t<C x>", "^^^^^ ^^^^^")]
    [InlineData("{{ [c, 1, none] }}", "['<C x>', 1, None]", "  ^^^^^           ")]
    [InlineData("{{ {'t': c} | tojson }}", "{\"t\": \"<C x>\"}", "       ^^^^^  ")]
    [InlineData("{{ {c: 1}.items() | list }}", "[['<C x>', 1]]", "   ^^^^^      ")]
    [InlineData("{{ {c: 't'} | tojson(separators=[c, c]) }}", "{\"<C x>\"<C x>\"t\"}", "  ^^^^^ ^^^^^    ")]
    [InlineData("{{ 't\nt' | indent(c) }}", "t\n<C x>t", "  ^^^^^ ")]
    [InlineData("{{ c | e }}", "&lt;C x&gt;", "^^^^^^^^^^^")]
    [InlineData("{{ 't{}t'.format(c) }}{{ '{:>7}'.format(c) }}", "t<C x>t  <C x>", " ^^^^^   ^^^^^")]
    [InlineData("{{ (c ~ '{:x^3}').format('t') }}{{ 't'.center(3, c[3]) }}", "<C x>xtxxtx", "^^^^^   ^ ^")]
    [InlineData("{% set x %}t{{ c }}{% endset %}{{ x }}{% macro m(a) %}t{{ a }}{% endmacro %}{{ m(c) }}", "t<C x>t<C x>", " ^^^^^ ^^^^^")]
    [InlineData("{% filter upper %}t{{ c }}{% endfilter %}", "T<C X>", " ^^^^^")]
    [InlineData("{{ 'T' if c == '<C x>' }}{{ c in [c] }}{{ c | length }}", "TTrue5", "      ")]
    [InlineData("{{ strftime_now('%Y' ~ c) }}", "2026<C x>", "    ^^^^^")]
    [InlineData("{{ messages[0].role }}{{ messages[0].name }}{{ messages[1].role }}{{ bos_token }}", "userNpoet<s>", "    ^^^^^   ")]
    [InlineData("{% for k in messages[0] %}{{ k[0] }}{% endfor %}", "rcn", "   ")]
    public void Origin_survives_what_a_template_does(string template, string text, string origin)
    {
        var tokens = new Dictionary<string, string> { ["bos_token"] = "<s>" };
        ChatTurn[] turns = [new("user", "<C x>", "N"), new("poet", "")];
        var rendered = ChatTemplate.Parse("{% set c = messages[0].content %}" + template, tokens, Time).Render(turns, false);
        Assert.Equal(text, rendered.Value);
        Assert.Equal(origin, string.Concat(Enumerable.Range(0, text.Length).Select(at => rendered.IsOfTemplate(at) ? ' ' : '^')));
    }
}
