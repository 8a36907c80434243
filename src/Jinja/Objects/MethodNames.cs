using System.Collections.Frozen;
using Meridian.Jinja.Texts;

namespace Meridian.Jinja.Objects;

/// <summary>The methods of texts, mappings and lists. Methods that change their value are missing, because Hugging Face's environment refuses them.</summary>
internal static class MethodNames
{
    public static readonly FrozenSet<string> OfTexts = FrozenSet.ToFrozenSet(
        [
            "strip", "lstrip", "rstrip", "startswith", "endswith", "split", "rsplit", "splitlines", "partition", "rpartition", "upper", "lower", "title", "capitalize",
            "replace", "find", "rfind", "index", "rindex", "count", "join", "removeprefix", "removesuffix", "format", "ljust", "rjust", "center", "zfill", "isdigit", "isspace",
            "isalpha", "isalnum", "isupper", "islower", "isascii",
        ],
        StringComparer.Ordinal);

    private static readonly FrozenSet<string> OfMappings = FrozenSet.ToFrozenSet(["get", "items", "keys", "values", "copy"], StringComparer.Ordinal);
    private static readonly FrozenSet<string> OfLists = FrozenSet.ToFrozenSet(["index", "count", "copy"], StringComparer.Ordinal);

    /// <summary>Whether a value has a method of this name.</summary>
    public static bool Has(object? target, string name) => target switch
    {
        TrackedText => OfTexts.Contains(name),
        Mapping => OfMappings.Contains(name),
        object?[] => OfLists.Contains(name),
        _ => false,
    };
}
