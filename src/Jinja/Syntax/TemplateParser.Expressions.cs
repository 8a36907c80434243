using System.Globalization;
using Meridian.Jinja.Texts;

namespace Meridian.Jinja.Syntax;

// Parses values, in the order of operator precedence.
internal sealed partial class TemplateParser
{
    // Parses the content of {{ }} or the right side of {% set x = %}: one value, or several values that form a list.
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
                return new Expression.Literal(TrackedText.OfTemplate(_at == first ? token.Value : string.Concat(_tokens[(first - 1).._at].Select(part => part.Value))));
            case TemplateTokenKind.Integer when long.TryParse(token.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var integer):
                return new Expression.Literal(integer);
            case TemplateTokenKind.Integer:
                return new Expression.Refused($"the number {token.Value} is larger than 64 bits");
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

    private Expression Subscript(Expression target, int line)
    {
        Expression? start = null, stop = null, step = null;
        if (!Is(":"))
        {
            start = Expression();
            if (Take("]"))
                return new Expression.Item(target, start);
        }

        if (Take(","))
        {
            _ = Until("]");
            return new Expression.Refused("an index of several values is not supported");
        }

        if (!Take(":"))
            throw new TemplateSyntaxException(line, $"']' is expected before {Shown(Next)}");
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
            if (Take("|"))
            {
                var kind = Name("a filter's name");
                value = new Expression.Filter(value, kind, Take("(") ? CallArguments() : Arguments.None);
            }
            else if (Take("is"))
            {
                var negated = Take("not");
                var kind = Next.Kind == TemplateTokenKind.Symbol && Next.Value is "==" or "!=" ? _tokens[_at++].Value : Name("a test's name");
                value = new Expression.Test(value, kind, TestArguments(), negated);
            }
            else
            {
                return value;
            }
        }
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
                _at++;
                _ = Expression();
                positional.Add(new Expression.Refused("arguments from a list or mapping (*, **) are not supported"));
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
}
