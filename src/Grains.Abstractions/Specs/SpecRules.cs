using System.Collections.Concurrent;
using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using RangeAttribute = System.ComponentModel.DataAnnotations.RangeAttribute;

namespace Meridian.Specs;

/// <summary>The rules for the values of specs. Settings files and the intent log check the same rules, so both accept the same values.</summary>
public static partial class SpecRules
{
    private static readonly ConcurrentDictionary<Type, (PropertyInfo Property, RangeAttribute Range)[]> Ranges = new();

    /// <summary>The mistakes of engine settings: the property, its value and the rule.</summary>
    public static IEnumerable<SpecMistake> Check(EngineSettings engine)
    {
        ArgumentNullException.ThrowIfNull(engine);
        if (engine.Device is { } device && !DeviceShape().IsMatch(device))
            yield return new SpecMistake(nameof(engine.Device), device, "a kind and a number, for example 'cpu:0' or 'cuda:0'");
        foreach (var mistake in CheckRanges(engine, typeof(EngineSettings)))
            yield return mistake;
    }

    /// <summary>The numbers of a spec that are outside of their <see cref="RangeAttribute"/>.</summary>
    public static IEnumerable<SpecMistake> CheckRanges(object spec, Type type)
    {
        foreach (var (property, range) in Ranges.GetOrAdd(type, RangesOf))
        {
            if (property.GetValue(spec) is { } value && !range.IsValid(value))
                yield return new SpecMistake(property.Name, value, string.Create(CultureInfo.InvariantCulture, $"{range.Minimum} to {range.Maximum}"));
        }
    }

    private static (PropertyInfo, RangeAttribute)[] RangesOf(Type type) =>
        [.. type.GetProperties().Select(p => (p, p.GetCustomAttribute<RangeAttribute>()!)).Where(p => p.Item2 is not null)];

    [GeneratedRegex(@"\A(cpu|cuda):[0-9]{1,2}\z", RegexOptions.CultureInvariant)]
    private static partial Regex DeviceShape();
}

/// <summary>A value of a spec that breaks a rule.</summary>
/// <param name="Property">Name of the property.</param>
/// <param name="Value">Its value.</param>
/// <param name="Rule">The values that it may have.</param>
public readonly record struct SpecMistake(string Property, object Value, string Rule);
