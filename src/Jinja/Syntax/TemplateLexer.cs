using System.Globalization;
using System.Text;

namespace Meridian.Jinja.Syntax;

/// <summary>
/// Cuts a template into tokens and removes white space with the settings of Hugging Face. <c>trim_blocks</c> removes the line end right after a tag or comment.
/// <c>lstrip_blocks</c> removes spaces and tabs before a tag or comment that begins a line. The last line end of the template is removed. A <c>-</c> removes
/// all white space on its side. A <c>+</c> keeps the white space that the settings would remove.
/// </summary>
internal sealed class TemplateLexer
{
    private static readonly string[] Symbols =
        ["**", "//", "==", "!=", "<=", ">=", "+", "-", "*", "/", "%", "~", "<", ">", "=", "(", ")", "[", "]", "{", "}", ",", ":", ".", "|"];

    private readonly string _source;
    private readonly List<TemplateToken> _tokens = [];
    private int _at;
    private int _line = 1;

    private TemplateLexer(string source) => _source = source;

    /// <exception cref="TemplateSyntaxException">A tag, string or comment does not end, or a character has no meaning.</exception>
    public static List<TemplateToken> Tokens(string source)
    {
        source = source.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        if (source.EndsWith('\n'))
            source = source[..^1];
        var lexer = new TemplateLexer(source);
        lexer.Run();
        return lexer._tokens;
    }

    private void Run()
    {
        var trims = Trim.None;
        while (_at < _source.Length)
        {
            var open = NextOpening();
            var text = _source[_at..open];
            var line = _line;
            Advance(open);
            if (trims == Trim.All)
                text = text.TrimStart();
            else if (trims == Trim.Line && text.StartsWith('\n'))
                text = text[1..];
            if (open < _source.Length)
                text = BeforeOpening(text);
            if (text.Length > 0)
                _tokens.Add(new(TemplateTokenKind.Text, text, line));
            if (open < _source.Length)
                trims = Opened();
        }

        _tokens.Add(new(TemplateTokenKind.End, "", _line));
    }

    private int NextOpening()
    {
        for (var at = _source.IndexOf('{', _at); at >= 0 && at + 1 < _source.Length; at = _source.IndexOf('{', at + 1))
        {
            if (_source[at + 1] is '{' or '%' or '#')
                return at;
        }

        return _source.Length;
    }

    private string BeforeOpening(string text)
    {
        var sign = Peek(2);
        if (sign == '-')
            return text.TrimEnd();
        if (_source[_at + 1] == '{' || sign == '+')
            return text;
        var bare = text.AsSpan().TrimEnd(" \t");

        // Spaces are removed only if the line has nothing else before the tag. At the beginning of the text that depends on whether the text itself begins a
        // line.
        var beginsLine = bare.Length > 0 ? bare[^1] == '\n' : _at - text.Length == 0 || _source[_at - text.Length - 1] == '\n';
        return beginsLine ? bare.ToString() : text;
    }

    private Trim Opened()
    {
        var kind = _source[_at + 1];
        if (kind == '#')
            return Comment();
        var line = _line;
        var signed = Peek(2) is '-' or '+';
        Advance(_at + (signed ? 3 : 2));
        if (kind == '%' && Raw() is { } raw)
            return raw;
        _tokens.Add(new(kind == '{' ? TemplateTokenKind.OutputBegin : TemplateTokenKind.TagBegin, "", line));
        return Inside(kind == '{' ? "}}" : "%}", line);
    }

    private Trim Comment()
    {
        var end = _source.IndexOf("#}", _at + 2, StringComparison.Ordinal);
        if (end < 0)
            throw new TemplateSyntaxException(_line, "a comment {# does not end with #}");
        var sign = end > _at + 2 ? _source[end - 1] : ' ';
        Advance(end + 2);
        return sign == '-' ? Trim.All : sign == '+' ? Trim.None : Trim.Line;
    }

    /// <summary>If the tag that has just begun is <c>{% raw %}</c>, reads the text up to <c>{% endraw %}</c>. Null for other tags.</summary>
    private Trim? Raw()
    {
        var at = _at;
        if (!Word("raw", ref at) || !Close(ref at, out var opened))
            return null;
        var line = _line;
        var from = at;
        for (var open = _source.IndexOf("{%", from, StringComparison.Ordinal); open >= 0; open = _source.IndexOf("{%", open + 2, StringComparison.Ordinal))
        {
            var sign = open + 2 < _source.Length ? _source[open + 2] : ' ';
            var end = open + (sign is '-' or '+' ? 3 : 2);
            if (!Word("endraw", ref end) || !Close(ref end, out var closed))
                continue;
            var text = _source[from..open];
            if (opened == Trim.All)
                text = text.TrimStart();
            else if (opened == Trim.Line && text.StartsWith('\n'))
                text = text[1..];
            if (sign == '-')
                text = text.TrimEnd();
            if (text.Length > 0)
                _tokens.Add(new(TemplateTokenKind.Text, text, line));
            Advance(end);
            return closed;
        }

        throw new TemplateSyntaxException(line, "{% raw %} does not end with {% endraw %}");

        bool Word(string word, ref int position)
        {
            while (position < _source.Length && char.IsWhiteSpace(_source[position]))
                position++;
            if (!_source.AsSpan(position).StartsWith(word, StringComparison.Ordinal))
                return false;
            position += word.Length;
            return true;
        }

        bool Close(ref int position, out Trim trim)
        {
            while (position < _source.Length && char.IsWhiteSpace(_source[position]))
                position++;
            trim = Trim.Line;
            if (position < _source.Length && _source[position] is '-' or '+')
                trim = _source[position++] == '-' ? Trim.All : Trim.None;
            if (!_source.AsSpan(position).StartsWith("%}", StringComparison.Ordinal))
                return false;
            position += 2;
            return true;
        }
    }

    private Trim Inside(string end, int opened)
    {
        var brackets = new Stack<char>();
        while (true)
        {
            while (_at < _source.Length && char.IsWhiteSpace(_source[_at]))
                Advance(_at + 1);
            if (_at == _source.Length)
                throw new TemplateSyntaxException(opened, $"a tag does not end with {end}");
            if (brackets.Count == 0)
            {
                var sign = Peek(0) is '-' or '+' && _source.AsSpan(_at + 1).StartsWith(end, StringComparison.Ordinal) ? Peek(0) : ' ';
                if (sign != ' ' || _source.AsSpan(_at).StartsWith(end, StringComparison.Ordinal))
                {
                    _tokens.Add(new(end == "}}" ? TemplateTokenKind.OutputEnd : TemplateTokenKind.TagEnd, "", _line));
                    Advance(_at + end.Length + (sign == ' ' ? 0 : 1));
                    return sign == '-' ? Trim.All : sign == '+' || end == "}}" ? Trim.None : Trim.Line;
                }
            }

            var next = _source[_at];
            if (next is '\'' or '"')
                Literal(next);
            else if (char.IsAsciiDigit(next))
                Number();
            else if (char.IsLetter(next) || next == '_')
                Take(TemplateTokenKind.Name, c => char.IsLetterOrDigit(c) || c == '_');
            else
                Symbol(brackets);
        }
    }

    private void Symbol(Stack<char> brackets)
    {
        foreach (var symbol in Symbols)
        {
            if (!_source.AsSpan(_at).StartsWith(symbol, StringComparison.Ordinal))
                continue;
            switch (symbol)
            {
                case "(" or "[" or "{":
                    brackets.Push(symbol[0]);
                    break;
                case ")" or "]" or "}":
                    var expected = symbol switch { ")" => '(', "]" => '[', _ => '{' };
                    if (!brackets.TryPop(out var open) || open != expected)
                        throw new TemplateSyntaxException(_line, $"'{symbol}' closes nothing");
                    break;
            }

            _tokens.Add(new(TemplateTokenKind.Symbol, symbol, _line));
            Advance(_at + symbol.Length);
            return;
        }

        throw new TemplateSyntaxException(_line, $"the character '{_source[_at]}' has no meaning here");
    }

    private void Number()
    {
        var end = _at;
        while (end < _source.Length && (char.IsAsciiDigit(_source[end]) || _source[end] == '_'))
            end++;
        var isFloat = end + 1 < _source.Length && _source[end] == '.' && char.IsAsciiDigit(_source[end + 1]);
        if (isFloat)
        {
            end++;
            while (end < _source.Length && char.IsAsciiDigit(_source[end]))
                end++;
        }

        if (end < _source.Length && _source[end] is 'e' or 'E')
        {
            var exponent = end + 1;
            if (exponent < _source.Length && _source[exponent] is '+' or '-')
                exponent++;
            if (exponent < _source.Length && char.IsAsciiDigit(_source[exponent]))
            {
                isFloat = true;
                end = exponent;
                while (end < _source.Length && char.IsAsciiDigit(_source[end]))
                    end++;
            }
        }

        _tokens.Add(new(isFloat ? TemplateTokenKind.Float : TemplateTokenKind.Integer, _source[_at..end].Replace("_", "", StringComparison.Ordinal), _line));
        Advance(end);
    }

    private void Take(TemplateTokenKind kind, Func<char, bool> belongs)
    {
        var end = _at;
        while (end < _source.Length && belongs(_source[end]))
            end++;
        _tokens.Add(new(kind, _source[_at..end], _line));
        Advance(end);
    }

    // Reads a string with Python's escapes.
    private void Literal(char quote)
    {
        var line = _line;
        var text = new StringBuilder();
        for (var at = _at + 1; at < _source.Length; at++)
        {
            if (_source[at] == quote)
            {
                _tokens.Add(new(TemplateTokenKind.String, text.ToString(), line));
                Advance(at + 1);
                return;
            }

            if (_source[at] != '\\' || at + 1 == _source.Length)
            {
                text.Append(_source[at]);
                continue;
            }

            var escaped = _source[++at];
            var digits = escaped switch { 'x' => 2, 'u' => 4, 'U' => 8, _ => 0 };
            if (digits > 0)
            {
                if (at + digits >= _source.Length
                    || !int.TryParse(_source.AsSpan(at + 1, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var point)
                    || point is < 0 or > 0x10FFFF)
                    throw new TemplateSyntaxException(line, $"'\\{escaped}' wants {digits} hexadecimal digits");
                if (Rune.TryCreate(point, out var rune))
                    text.Append(rune);
                else
                    text.Append((char)point);
                at += digits;
                continue;
            }

            switch (escaped)
            {
                case 'n': text.Append('\n'); break;
                case 't': text.Append('\t'); break;
                case 'r': text.Append('\r'); break;
                case 'b': text.Append('\b'); break;
                case 'f': text.Append('\f'); break;
                case 'v': text.Append('\v'); break;
                case 'a': text.Append('\a'); break;
                case '0': text.Append('\0'); break;
                case '\n': break;
                case '\\' or '\'' or '"': text.Append(escaped); break;
                default: text.Append('\\').Append(escaped); break;
            }
        }

        throw new TemplateSyntaxException(line, "a string does not end");
    }

    private char Peek(int ahead) => _at + ahead < _source.Length ? _source[_at + ahead] : '\0';

    private void Advance(int to)
    {
        _line += _source.AsSpan(_at, to - _at).Count('\n');
        _at = to;
    }

    private enum Trim
    {
        None,
        Line,
        All,
    }
}
