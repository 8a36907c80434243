using System.Runtime.CompilerServices;

namespace Meridian.Jinja.Texts;

/// <summary>
/// What one rendering may cost. A template is a program that comes with a model; nobody has read it, and it shall not hold up or fill a region.
/// </summary>
/// <param name="steps">Values and statements that may be evaluated, and blocks of <see cref="CharactersPerStep"/> characters that may be made or searched.</param>
internal sealed class Budget(long steps)
{
    private const int CharactersPerStep = 64;

    /// <summary>Most characters of one text.</summary>
    public const int Largest = 1 << 24;

    private long _left = steps;

    public void Step(long steps = 1)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(steps);
        if ((_left -= steps) < 0)
            throw new TemplateFailure("it takes too many steps; a template may not loop without end");
    }

    /// <summary>Counts a text that is made or read.</summary>
    public TrackedText Text(TrackedText text)
    {
        Characters(text.Length);
        return text;
    }

    public void Characters(long count)
    {
        if (count is < 0 or > Largest)
            throw new TemplateFailure($"it makes a text of {count} characters; {Largest} are allowed");
        Step(count / CharactersPerStep);
    }

    /// <summary>Counts the search for a part of a text: in the worst case each place of the text is compared with most of the part.</summary>
    public TrackedText Search(TrackedText text, TrackedText part)
    {
        Characters(text.Length);
        Step(text.Length / CharactersPerStep * ((long)part.Length / CharactersPerStep));
        return text;
    }

    /// <summary>Counts the characters added to a text that is being made, and refuses one that gets too long before it is whole.</summary>
    /// <param name="made">Characters that it has.</param>
    public void Adds(long made, long count)
    {
        Step(count / CharactersPerStep);
        if (made + count > Largest)
            Characters(made + count);
    }

    public static void Deep()
    {
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
            throw new TemplateFailure("values, blocks or macros nest too deep");
    }
}
