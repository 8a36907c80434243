using System.Runtime.CompilerServices;

namespace Meridian.Jinja.Texts;

/// <summary>
/// Limits the cost of one rendering. A template is a program that comes with a model, and nobody has reviewed it. It must not block a region or fill its
/// memory.
/// </summary>
/// <param name="steps">
/// Maximum number of values and statements to evaluate, plus blocks of <see cref="CharactersPerStep"/> characters to create or search.
/// </param>
internal sealed class Budget(long steps)
{
    private const int CharactersPerStep = 64;

    /// <summary>Maximum number of characters of one text.</summary>
    public const int Largest = 1 << 24;

    private long _left = steps;

    public void Step(long steps = 1)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(steps);
        if ((_left -= steps) < 0)
            throw new TemplateFailure("it takes too many steps; a template may not loop without end");
    }

    /// <summary>Counts a text that is created or read.</summary>
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

    /// <summary>Counts the search for a part of a text. In the worst case most of the part is compared at each index of the text.</summary>
    public TrackedText Search(TrackedText text, TrackedText part)
    {
        Characters(text.Length);
        Step(text.Length / CharactersPerStep * ((long)part.Length / CharactersPerStep));
        return text;
    }

    /// <summary>Counts the characters that are added to a text under construction. Refuses a text that is too long before it is complete.</summary>
    /// <param name="made">Number of characters that the text already has.</param>
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
