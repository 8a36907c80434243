using System.Text;

namespace Meridian.Jinja.Texts;

/// <summary>Joins texts and keeps the origin of their characters.</summary>
internal sealed class TrackedBuilder
{
    private readonly StringBuilder _text = new();
    private readonly List<int> _borders = [];

    public int Length => _text.Length;

    public TrackedBuilder Append(TrackedText text)
    {
        var borders = text.Borders;
        for (var i = 0; i < borders.Length; i += 2)
            Mark(_text.Length + borders[i], _text.Length + borders[i + 1]);
        _text.Append(text.Value);
        return this;
    }

    public TrackedBuilder Append(TrackedText text, int start, int length) => Append(text.Slice(start, length));

    /// <summary>Adds a text that the template's own filter, operator or value has produced.</summary>
    public TrackedBuilder Made(string text) => Append(text, ofTemplate: true);

    public TrackedBuilder Append(string text, bool ofTemplate)
    {
        if (ofTemplate && text.Length > 0)
            Mark(_text.Length, _text.Length + text.Length);
        _text.Append(text);
        return this;
    }

    public TrackedBuilder Append(char character, bool ofTemplate)
    {
        if (ofTemplate)
            Mark(_text.Length, _text.Length + 1);
        _text.Append(character);
        return this;
    }

    public TrackedText Build() => _text.Length == 0 ? TrackedText.Empty : new TrackedText(_text.ToString(), [.. _borders]);

    private void Mark(int start, int end)
    {
        if (_borders.Count > 0 && _borders[^1] == start)
            _borders[^1] = end;
        else
            _borders.AddRange([start, end]);
    }
}
