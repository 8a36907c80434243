using System.Runtime.CompilerServices;
using Meridian.Jinja.Texts;

namespace Meridian.Jinja.Syntax;

/// <summary>
/// Parses a template. Only source that is not valid Jinja is an error here. Jinja that this implementation does not support becomes an error only when its line
/// is reached: most templates have branches that no conversation of a server reaches, and such a branch does no harm.
/// </summary>
internal sealed partial class TemplateParser
{
    private readonly List<TemplateToken> _tokens;
    private int _at;
    private int _loops;

    private TemplateParser(List<TemplateToken> tokens) => _tokens = tokens;

    private TemplateToken Next => _tokens[_at];

    /// <exception cref="TemplateSyntaxException">The source is not valid Jinja.</exception>
    public static Statement[] Parse(string source)
    {
        var parser = new TemplateParser(TemplateLexer.Tokens(source));
        var statements = parser.Body();
        if (parser.Next.Kind != TemplateTokenKind.End)
            throw new TemplateSyntaxException(parser.Next.Line, $"{{% {parser._tokens[parser._at + 1].Value} %}} ends nothing");
        return statements;
    }

    /// <summary>Parses statements up to a tag that ends or divides the enclosing statement. The caller reads that tag.</summary>
    private Statement[] Body()
    {
        Guard();
        var statements = new List<Statement>();
        while (true)
        {
            var token = Next;
            switch (token.Kind)
            {
                case TemplateTokenKind.Text:
                    _at++;
                    statements.Add(new Statement.Text(TrackedText.OfTemplate(token.Value), token.Line));
                    break;
                case TemplateTokenKind.OutputBegin:
                    _at++;
                    statements.Add(new Statement.Output(Tuple(), token.Line));
                    Expect(TemplateTokenKind.OutputEnd, "}}");
                    break;
                case TemplateTokenKind.TagBegin:
                    var tag = _tokens[_at + 1];
                    if (tag.Kind == TemplateTokenKind.Name && (tag.Value.StartsWith("end", StringComparison.Ordinal) || tag.Value is "elif" or "else"))
                        return [.. statements];
                    _at++;
                    statements.Add(Tag());
                    break;
                default:
                    return [.. statements];
            }
        }
    }

    private string Name(string what)
    {
        if (Next.Kind != TemplateTokenKind.Name)
            throw new TemplateSyntaxException(Next.Line, $"{what} is expected before {Shown(Next)}");
        return _tokens[_at++].Value;
    }

    private string? Symbol(params ReadOnlySpan<string> symbols) =>
        Next.Kind == TemplateTokenKind.Symbol && symbols.Contains(Next.Value) ? _tokens[_at++].Value : null;

    private bool Is(string text) => Next.Kind is TemplateTokenKind.Symbol or TemplateTokenKind.Name && Next.Value == text;

    private bool Take(string text)
    {
        if (!Is(text))
            return false;
        _at++;
        return true;
    }

    private void Require(string text)
    {
        if (!Take(text))
            throw new TemplateSyntaxException(Next.Line, $"'{text}' is expected before {Shown(Next)}");
    }

    private void EndTag() => Expect(TemplateTokenKind.TagEnd, "%}");

    private void Expect(TemplateTokenKind kind, string shown)
    {
        if (Next.Kind != kind)
            throw new TemplateSyntaxException(Next.Line, $"'{shown}' is expected before {Shown(Next)}");
        _at++;
    }

    private void Guard()
    {
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
            throw new TemplateSyntaxException(Next.Line, "brackets or blocks nest too deep");
    }

    private static string Shown(TemplateToken token) => token.Kind switch
    {
        TemplateTokenKind.End => "the end of the template",
        TemplateTokenKind.OutputEnd => "'}}'",
        TemplateTokenKind.TagEnd => "'%}'",
        TemplateTokenKind.Text or TemplateTokenKind.OutputBegin or TemplateTokenKind.TagBegin => "the text between tags",
        _ => $"'{token.Value}'",
    };
}
