namespace Meridian.Jinja.Syntax;

// Parses tags.
internal sealed partial class TemplateParser
{
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
                return new Statement.Group(BodyTo("endgeneration", line), line);
            case "filter":
                var filters = FilterChain(Name("a filter's name"));
                EndTag();
                return new Statement.FilterBlock(filters, BodyTo("endfilter", line), line);
            case "with":
                return With(line);
            case "call":
                return Call(line);
            case "break" or "continue":
                if (_loops == 0)
                    throw new TemplateSyntaxException(line, $"{{% {name} %}} stands in no loop");
                EndTag();
                return name == "break" ? new Statement.Break(line) : new Statement.Continue(line);
            default:
                return Unknown(name, line);
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

    private Statement For(int line)
    {
        var targets = new List<string>();
        var bracketed = Take("(");
        do
            targets.Add(Name("a variable's name"));
        while (Take(",") && !(bracketed && Is(")")));
        if (bracketed)
            Require(")");
        Require("in");
        var items = Or(allowConditional: false);
        if (Is(","))
        {
            var parts = new List<Expression> { items };
            while (Take(",") && Next.Kind != TemplateTokenKind.TagEnd)
                parts.Add(Or(allowConditional: false));
            items = new Expression.Items([.. parts]);
        }

        Expression? condition = null;
        if (Take("if"))
            condition = Expression();
        var recursive = Take("recursive");
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

        return recursive ? new Statement.Refused("recursive loops are not supported", line) : new Statement.For([.. targets], items, condition, body, otherwise, line);
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

        var filters = Take("|") ? FilterChain(Name("a filter's name")) : [];
        if (targets.Count != 1)
            throw new TemplateSyntaxException(line, "{% set %} of several names wants a value");
        EndTag();
        return new Statement.SetBlock(targets[0], filters, BodyTo("endset", line), line);
    }

    private Statement.Macro Macro(int line)
    {
        var name = Name("a variable's name");
        return new Statement.Macro(name, Parameters(), MacroBody("endmacro", line), line);
    }

    private Statement.CallBlock Call(int line)
    {
        (string, Expression?)[] parameters = Is("(") ? Parameters() : [];
        if (Postfix(Primary()) is not Expression.Call call)
            throw new TemplateSyntaxException(line, "{% call %} wants a call");
        return new Statement.CallBlock(call, new Statement.Macro("caller", parameters, MacroBody("endcall", line), line), line);
    }

    private (string, Expression?)[] Parameters()
    {
        var parameters = new List<(string, Expression?)>();
        Require("(");
        while (!Take(")"))
        {
            var parameter = Name("a variable's name");
            parameters.Add((parameter, Take("=") ? Expression() : null));
            if (!Is(")"))
                Require(",");
        }

        return [.. parameters];
    }

    private Statement[] MacroBody(string end, int line)
    {
        EndTag();
        var loops = _loops;
        _loops = 0;
        var body = BodyTo(end, line);
        _loops = loops;
        return body;
    }

    private Statement.With With(int line)
    {
        var variables = new List<(string, Expression)>();
        while (Next.Kind != TemplateTokenKind.TagEnd)
        {
            if (variables.Count > 0)
                Require(",");
            var name = Name("a variable's name");
            Require("=");
            variables.Add((name, Expression()));
        }

        EndTag();
        return new Statement.With([.. variables], BodyTo("endwith", line), line);
    }

    private (string, Arguments)[] FilterChain(string first)
    {
        var filters = new List<(string, Arguments)>();
        for (var kind = first; ; kind = Name("a filter's name"))
        {
            filters.Add((kind, Take("(") ? CallArguments() : Arguments.None));
            if (!Take("|"))
                return [.. filters];
        }
    }

    /// <summary>
    /// Reads a tag that is not supported. If its end tag follows somewhere, the tag has a body. The body is parsed, so that the tags inside it are matched with
    /// their own end tags.
    /// </summary>
    private Statement.Refused Unknown(string name, int line)
    {
        SkipTag();
        var end = "end" + name;
        for (var at = _at; at + 1 < _tokens.Count; at++)
        {
            if (_tokens[at].Kind != TemplateTokenKind.TagBegin || _tokens[at + 1] is not { Kind: TemplateTokenKind.Name } tag || tag.Value != end)
                continue;
            while (true)
            {
                _ = Body();
                var divider = Divider(line, name);
                if (divider != end && divider is not ("else" or "elif"))
                    throw new TemplateSyntaxException(line, $"{{% {name} %}} is not ended with {end} but with {divider}");
                SkipTag();
                if (divider == end)
                    break;
            }

            break;
        }

        return new Statement.Refused($"the tag {{% {name} %}} is not supported", line);
    }

    private void SkipTag()
    {
        while (Next.Kind != TemplateTokenKind.TagEnd)
            _at++;
        _at++;
    }

    private Statement[] BodyTo(string end, int line)
    {
        var body = Body();
        End(end, line);
        return body;
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
}
