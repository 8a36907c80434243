using System.Globalization;
using System.Runtime.CompilerServices;

namespace Meridian.Inference.Tokenization.Chat.Jinja;

/// <summary>Reads a template. What the subset lacks is refused here, so that a model that loads does not fail in the middle of a conversation.</summary>
internal sealed class TemplateParser
{
    private static readonly string[] RefusedTags = ["include", "import", "from", "extends", "block", "call", "filter", "with", "autoescape", "do", "trans", "debug"];
    private readonly List<TemplateToken> _tokens;
    private readonly HashSet<string> _assigned = new(StringComparer.Ordinal);
    private readonly List<(string Name, int Line)> _called = [];
    private int _at;
    private int _loops;

    private TemplateParser(List<TemplateToken> tokens) => _tokens = tokens;

    private TemplateToken Next => _tokens[_at];

    /// <exception cref="TemplateSyntaxException">The template is wrong, or uses what is not supported.</exception>
    public static Statement[] Parse(string source)
    {
        var parser = new TemplateParser(TemplateLexer.Tokens(source));
        var statements = parser.Body();
        if (parser.Next.Kind != TemplateTokenKind.End)
            throw new TemplateSyntaxException(parser.Next.Line, $"{{% {parser._tokens[parser._at + 1].Value} %}} ends nothing");
        foreach (var (name, line) in parser._called)
        {
            if (!parser._assigned.Contains(name) && !Functions.Names.Contains(name))
                throw new TemplateSyntaxException(line, $"the function '{name}' is not supported");
        }

        return statements;
    }

    /// <summary>Statements up to a tag that ends or divides the one around them, which is left to be read.</summary>
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
                    statements.Add(new Statement.Text(token.Value, token.Line));
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

    private Statement Tag()
    {
        var line = Next.Line;
        var name = Name("a tag's name");
        switch (name)
        {
            case "if":
                return If(line);
            case "for":
                return For(line);
            case "set":
                return Set(line);
            case "macro":
                return Macro(line);
            case "generation":
                EndTag();
                var body = Body();
                End("endgeneration", line);
                return new Statement.Group(body, line);
            case "break" or "continue":
                if (_loops == 0)
                    throw new TemplateSyntaxException(line, $"{{% {name} %}} stands in no loop");
                EndTag();
                return name == "break" ? new Statement.Break(line) : new Statement.Continue(line);
            default:
                throw new TemplateSyntaxException(
                    line, RefusedTags.Contains(name) ? $"the tag {{% {name} %}} is not supported" : $"the tag {{% {name} %}} is unknown");
        }
    }

    private Statement.If If(int line)
    {
        var branches = new List<(Expression, Statement[])>();
        Statement[] otherwise = [];
        var condition = Expression();
        while (true)
        {
            EndTag();
            branches.Add((condition, Body()));
            switch (Divider(line, "if"))
            {
                case "elif":
                    condition = Expression();
                    continue;
                case "else":
                    EndTag();
                    otherwise = Body();
                    End("endif", line);
                    break;
                case "endif":
                    EndTag();
                    break;
                case var other:
                    throw new TemplateSyntaxException(line, $"{{% if %}} is not ended with endif but with {other}");
            }

            return new Statement.If([.. branches], otherwise, line);
        }
    }

    private Statement.For For(int line)
    {
        var targets = new List<string>();
        var bracketed = Take("(");
        do
            targets.Add(Assigned());
        while (Take(",") && !(bracketed && Is(")")));
        if (bracketed)
            Require(")");
        Require("in");
        var items = Or(allowConditional: false);
        if (Take(","))
            throw new TemplateSyntaxException(line, "a loop over values without brackets is not supported");
        Expression? condition = null;
        if (Take("if"))
            condition = Expression();
        if (Is("recursive"))
            throw new TemplateSyntaxException(line, "recursive loops are not supported");
        EndTag();
        _loops++;
        var body = Body();
        _loops--;
        Statement[] otherwise = [];
        switch (Divider(line, "for"))
        {
            case "else":
                EndTag();
                otherwise = Body();
                End("endfor", line);
                break;
            case "endfor":
                EndTag();
                break;
            case var other:
                throw new TemplateSyntaxException(line, $"{{% for %}} is not ended with endfor but with {other}");
        }

        return new Statement.For([.. targets], items, condition, body, otherwise, line);
    }

    private Statement Set(int line)
    {
        var targets = new List<Expression>();
        do
        {
            var name = Name("a variable's name");
            if (Take("."))
            {
                targets.Add(new Expression.Attribute(new Expression.Name(name), Name("a member's name")));
            }
            else
            {
                _assigned.Add(name);
                targets.Add(new Expression.Name(name));
            }
        }
        while (Take(","));

        if (Take("="))
        {
            var value = Tuple();
            EndTag();
            return new Statement.Set([.. targets], value, line);
        }

        if (Is("|"))
            throw new TemplateSyntaxException(line, "a filter on a {% set %} block is not supported");
        if (targets.Count != 1)
            throw new TemplateSyntaxException(line, "{% set %} of several names wants a value");
        EndTag();
        var body = Body();
        End("endset", line);
        return new Statement.SetBlock(targets[0], body, line);
    }

    private Statement.Macro Macro(int line)
    {
        var name = Assigned();
        var parameters = new List<(string, Expression?)>();
        Require("(");
        while (!Take(")"))
        {
            var parameter = Assigned();
            parameters.Add((parameter, Take("=") ? Expression() : null));
            if (!Is(")"))
                Require(",");
        }

        EndTag();
        var loops = _loops;
        _loops = 0;
        var body = Body();
        _loops = loops;
        End("endmacro", line);
        return new Statement.Macro(name, [.. parameters], body, line);
    }

    private string Divider(int line, string tag)
    {
        if (Next.Kind != TemplateTokenKind.TagBegin)
            throw new TemplateSyntaxException(line, $"{{% {tag} %}} is not ended with end{tag}");
        _at++;
        return Name("a tag's name");
    }

    private void End(string name, int line)
    {
        var found = Divider(line, name[3..]);
        if (found != name)
            throw new TemplateSyntaxException(line, $"{{% {name[3..]} %}} is not ended with {name} but with {found}");
        if (name == "endmacro" && Next.Kind == TemplateTokenKind.Name)
            _at++;
        EndTag();
    }

    // What stands after {% set x = %} and in {{ }}: a value, or several that are one list.
    private Expression Tuple()
    {
        var first = Expression();
        if (!Is(","))
            return first;
        var parts = new List<Expression> { first };
        while (Take(","))
        {
            if (Next.Kind is TemplateTokenKind.TagEnd or TemplateTokenKind.OutputEnd)
                break;
            parts.Add(Expression());
        }

        return new Expression.Items([.. parts]);
    }

    private Expression Expression()
    {
        Guard();
        return Or(allowConditional: true);
    }

    private Expression Or(bool allowConditional)
    {
        var value = And();
        while (Take("or"))
            value = new Expression.Or(value, And());
        while (allowConditional && Take("if"))
        {
            var condition = Or(allowConditional: false);
            value = new Expression.Conditional(value, condition, Take("else") ? Expression() : null);
        }

        return value;
    }

    private Expression And()
    {
        var value = Not();
        while (Take("and"))
            value = new Expression.And(value, Not());
        return value;
    }

    private Expression Not()
    {
        Guard();
        return Take("not") ? new Expression.Not(Not()) : Comparison();
    }

    private Expression Comparison()
    {
        var first = Sum();
        List<(string, Expression)>? rest = null;
        while (true)
        {
            string? sign = null;
            if (Next.Kind == TemplateTokenKind.Symbol && Next.Value is "==" or "!=" or "<" or "<=" or ">" or ">=")
            {
                sign = Next.Value;
                _at++;
            }
            else if (Take("in"))
            {
                sign = "in";
            }
            else if (Is("not") && _tokens[_at + 1] is { Kind: TemplateTokenKind.Name, Value: "in" })
            {
                sign = "not in";
                _at += 2;
            }

            if (sign is null)
                return rest is null ? first : new Expression.Comparison(first, [.. rest]);
            (rest ??= []).Add((sign, Sum()));
        }
    }

    private Expression Sum()
    {
        var value = Concatenation();
        while (Symbol("+", "-") is { } sign)
            value = new Expression.Binary(sign, value, Concatenation());
        return value;
    }

    private Expression Concatenation()
    {
        var first = Product();
        if (!Is("~"))
            return first;
        var parts = new List<Expression> { first };
        while (Take("~"))
            parts.Add(Product());
        return new Expression.Concatenation([.. parts]);
    }

    private Expression Product()
    {
        var value = Power();
        while (Symbol("*", "/", "//", "%") is { } sign)
            value = new Expression.Binary(sign, value, Power());
        return value;
    }

    private Expression Power()
    {
        var value = Unary(filters: true);
        while (Symbol("**") is { } sign)
            value = new Expression.Binary(sign, value, Unary(filters: true));
        return value;
    }

    private Expression Unary(bool filters)
    {
        Guard();
        var value = Symbol("-", "+") is { } sign ? new Expression.Unary(sign, Unary(filters: false)) : Postfix(Primary());
        return filters ? Filtered(value) : value;
    }

    private Expression Primary()
    {
        var token = Next;
        _at++;
        switch (token.Kind)
        {
            case TemplateTokenKind.Name:
                return token.Value switch
                {
                    "true" or "True" => new Expression.Literal(true),
                    "false" or "False" => new Expression.Literal(false),
                    "none" or "None" => new Expression.Literal(null),
                    "and" or "or" or "not" or "in" or "is" or "if" or "else" => throw new TemplateSyntaxException(token.Line, $"'{token.Value}' stands where a value is expected"),
                    var name => new Expression.Name(name),
                };
            case TemplateTokenKind.String:
                var first = _at;
                while (Next.Kind == TemplateTokenKind.String)
                    _at++;
                return new Expression.Literal(_at == first ? token.Value : string.Concat(_tokens[(first - 1).._at].Select(part => part.Value)));
            case TemplateTokenKind.Integer when long.TryParse(token.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var integer):
                return new Expression.Literal(integer);
            case TemplateTokenKind.Float:
                return new Expression.Literal(double.Parse(token.Value, CultureInfo.InvariantCulture));
            case TemplateTokenKind.Symbol when token.Value == "(":
                return Bracketed();
            case TemplateTokenKind.Symbol when token.Value == "[":
                return new Expression.Items([.. Until("]")]);
            case TemplateTokenKind.Symbol when token.Value == "{":
                return Mapping();
            default:
                _at--;
                throw new TemplateSyntaxException(token.Line, $"a value is expected before {Shown(token)}");
        }
    }

    private Expression Bracketed()
    {
        if (Take(")"))
            return new Expression.Items([]);
        var first = Expression();
        if (Take(")"))
            return first;
        Require(",");
        return new Expression.Items([first, .. Until(")")]);
    }

    private List<Expression> Until(string end)
    {
        var parts = new List<Expression>();
        while (!Take(end))
        {
            parts.Add(Expression());
            if (!Is(end))
                Require(",");
        }

        return parts;
    }

    private Expression.Mapping Mapping()
    {
        var parts = new List<(Expression, Expression)>();
        while (!Take("}"))
        {
            var key = Expression();
            Require(":");
            parts.Add((key, Expression()));
            if (!Is("}"))
                Require(",");
        }

        return new Expression.Mapping([.. parts]);
    }

    private Expression Postfix(Expression value)
    {
        while (true)
        {
            var line = Next.Line;
            if (Take("."))
            {
                if (Next.Kind == TemplateTokenKind.Integer)
                    value = new Expression.Item(value, new Expression.Literal(Position(_tokens[_at++])));
                else
                    value = new Expression.Attribute(value, Name("a member's name"));
            }
            else if (Take("["))
            {
                value = Subscript(value, line);
            }
            else if (Take("("))
            {
                Called(value, line);
                value = new Expression.Call(value, CallArguments());
            }
            else
            {
                return value;
            }
        }
    }

    private static long Position(TemplateToken token) => long.TryParse(token.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var position)
        ? position
        : throw new TemplateSyntaxException(token.Line, $"the position {token.Value} is larger than 64 bits");

    private void Called(Expression callee, int line)
    {
        switch (callee)
        {
            case Jinja.Expression.Name name:
                _called.Add((name.Text, line));
                break;
            case Jinja.Expression.Attribute { Member: var member } when !Methods.Names.Contains(member):
                throw new TemplateSyntaxException(line, $"the method '{member}' is not supported");
            case not Jinja.Expression.Attribute:
                throw new TemplateSyntaxException(line, "only functions, macros and methods can be called");
        }
    }

    private Expression Subscript(Expression target, int line)
    {
        Expression? start = null, stop = null, step = null;
        if (!Is(":"))
        {
            start = Expression();
            if (Take("]"))
                return new Expression.Item(target, start);
        }

        if (!Take(":"))
            throw new TemplateSyntaxException(line, "an index of several values is not supported");
        if (!Is(":") && !Is("]"))
            stop = Expression();
        if (Take(":") && !Is("]"))
            step = Expression();
        Require("]");
        return new Expression.Slice(target, start, stop, step);
    }

    private Expression Filtered(Expression value)
    {
        while (true)
        {
            var line = Next.Line;
            if (Take("|"))
            {
                var kind = Name("a filter's name");
                if (!Filters.Names.Contains(kind))
                    throw new TemplateSyntaxException(line, $"the filter '{kind}' is not supported");
                var arguments = Take("(") ? CallArguments() : Arguments.None;
                Named(kind, arguments, line);
                value = new Expression.Filter(value, kind, arguments);
            }
            else if (Take("is"))
            {
                var negated = Take("not");
                var kind = Next.Kind == TemplateTokenKind.Symbol && Next.Value is "==" or "!=" ? _tokens[_at++].Value : Name("a test's name");
                if (!Tests.Names.Contains(kind))
                    throw new TemplateSyntaxException(line, $"the test '{kind}' is not supported");
                value = new Expression.Test(value, kind, TestArguments(), negated);
            }
            else
            {
                return value;
            }
        }
    }

    // map, select and the like are given the name of another filter or test.
    private static void Named(string kind, Arguments arguments, int line)
    {
        var at = kind switch { "map" or "select" or "reject" => 0, "selectattr" or "rejectattr" => 1, _ => -1 };
        if (at < 0 || arguments.Positional.Length <= at)
            return;
        if (arguments.Positional[at] is not Jinja.Expression.Literal { Value: string name })
            throw new TemplateSyntaxException(line, $"the filter '{kind}' wants a name in quotes");
        if (kind == "map" ? !Filters.Names.Contains(name) : !Tests.Names.Contains(name))
            throw new TemplateSyntaxException(line, $"the {(kind == "map" ? "filter" : "test")} '{name}' is not supported");
    }

    private Arguments TestArguments()
    {
        if (Take("("))
            return CallArguments();
        var token = Next;
        var begins = token.Kind is TemplateTokenKind.String or TemplateTokenKind.Integer or TemplateTokenKind.Float
            || (token.Kind == TemplateTokenKind.Symbol && token.Value is "[" or "{")
            || (token.Kind == TemplateTokenKind.Name && token.Value is not ("else" or "or" or "and" or "is" or "if" or "in" or "not" or "recursive"));
        return begins ? new Arguments([Postfix(Primary())], []) : Arguments.None;
    }

    private Arguments CallArguments()
    {
        var positional = new List<Expression>();
        var named = new List<(string, Expression)>();
        while (!Take(")"))
        {
            if (Next.Kind == TemplateTokenKind.Name && _tokens[_at + 1] is { Kind: TemplateTokenKind.Symbol, Value: "=" })
            {
                var name = Name("an argument's name");
                _at++;
                named.Add((name, Expression()));
            }
            else if (Next is { Kind: TemplateTokenKind.Symbol, Value: "*" or "**" })
            {
                throw new TemplateSyntaxException(Next.Line, "arguments from a list or mapping (*, **) are not supported");
            }
            else if (named.Count > 0)
            {
                throw new TemplateSyntaxException(Next.Line, "an argument without name stands behind one with a name");
            }
            else
            {
                positional.Add(Expression());
            }

            if (!Is(")"))
                Require(",");
        }

        return new Arguments([.. positional], [.. named]);
    }

    private string Assigned()
    {
        var name = Name("a variable's name");
        _assigned.Add(name);
        return name;
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
