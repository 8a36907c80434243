using Meridian.Jinja.Texts;

namespace Meridian.Jinja.Objects;

/// <summary>Sorts as Python does: equal elements keep their order.</summary>
internal static class StableSort
{
    /// <summary>Returns the elements in the order of their keys.</summary>
    /// <exception cref="TemplateFailure">Two keys cannot be compared.</exception>
    public static object?[] Sorted(object?[] items, Func<object?, object?> key, Comparison<object?> order)
    {
        try
        {
            return [.. items.OrderBy(key, Comparer<object?>.Create(order))];
        }
        catch (InvalidOperationException e) when (e.InnerException is TemplateFailure failure)
        {
            // LINQ wraps the exception that a comparison throws.
            throw new TemplateFailure(failure.Message);
        }
    }
}
