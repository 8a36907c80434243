using MessagePack;

namespace Meridian.Federation.Intents;

/// <summary>Names one record of intent, for example kind <c>member</c>, name <c>westeurope</c>. Ordinal; both parts are part of the key.</summary>
/// <param name="Kind">One of <see cref="IntentKinds"/>.</param>
/// <param name="Name">Unique within the kind; 1 to 256 characters.</param>
[MessagePackObject]
public readonly record struct IntentKey([property: Key(0)] string Kind, [property: Key(1)] string Name)
{
    /// <value>By kind, then name, code unit by code unit: the same order everywhere.</value>
    public static IComparer<IntentKey> Order { get; } = Comparer<IntentKey>.Create(static (left, right) =>
        string.CompareOrdinal(left.Kind, right.Kind) is not 0 and var kinds ? kinds : string.CompareOrdinal(left.Name, right.Name));

    /// <summary>For people; control characters, which earlier builds took in names, are written out.</summary>
    public override string ToString() => $"{Written(Kind)}/{Written(Name)}";

    private static string Written(string? part) =>
        part?.Any(char.IsControl) == true ? string.Concat(part.Select(c => char.IsControl(c) ? $"\\u{(int)c:x4}" : $"{c}")) : part ?? "";
}
