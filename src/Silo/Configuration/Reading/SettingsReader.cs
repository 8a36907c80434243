using System.Collections;
using System.ComponentModel;
using System.Reflection;

namespace Meridian.Silo.Configuration.Reading;

/// <summary>
/// Binds a section to an options class, and reports every unknown key and every value that does not convert. Problem: the framework's binder stops at the first
/// bad value and ignores misspelt keys, but an operator wants to see all mistakes after one start.
/// </summary>
public static class SettingsReader
{
    /// <summary>Binds all valid values. Each invalid one is added to <paramref name="mistakes"/>, and its setting keeps its default.</summary>
    public static T Read<T>(IConfigurationSection section, ICollection<string> mistakes) where T : new()
    {
        var sound = new Dictionary<string, string?>();
        Check(section, typeof(T), sound, mistakes);
        var options = new T();
        new ConfigurationBuilder().AddInMemoryCollection(sound).Build().GetSection(section.Path).Bind(options);
        return options;
    }

    private static void Check(IConfigurationSection section, Type type, Dictionary<string, string?> sound, ICollection<string> mistakes)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (IsScalar(type))
        {
            CheckScalar(section, type, sound, mistakes);
            return;
        }

        if (!string.IsNullOrEmpty(section.Value))
        {
            mistakes.Add($"{section.Path} = '{section.Value}': takes {(IsList(type) ? "a list" : "a group of settings")}, not one value.");
            return;
        }

        if (IsMap(type))
        {
            foreach (var item in section.GetChildren())
            {
                Check(item, type.GetGenericArguments()[1], sound, mistakes);
            }

            return;
        }

        if (IsList(type))
        {
            foreach (var item in section.GetChildren())
            {
                if (int.TryParse(item.Key, out _))
                {
                    Check(item, type.GetGenericArguments()[0], sound, mistakes);
                }
                else
                {
                    mistakes.Add($"{item.Path}: '{item.Key}' is no position in the list {section.Path}; positions are 0, 1, 2, ...");
                }
            }

            return;
        }

        foreach (var child in section.GetChildren())
        {
            var property = type.GetProperty(child.Key, BindingFlags.Public | BindingFlags.Instance | BindingFlags.IgnoreCase);
            if (property is null)
            {
                mistakes.Add($"{child.Path}: no such setting; {section.Path} has {string.Join(", ", type.GetProperties().Select(p => p.Name))}.");
            }
            else
            {
                Check(child, property.PropertyType, sound, mistakes);
            }
        }
    }

    private static void CheckScalar(IConfigurationSection section, Type type, Dictionary<string, string?> sound, ICollection<string> mistakes)
    {
        if (section.GetChildren().Any())
        {
            mistakes.Add($"{section.Path}: takes one value, not a group of settings.");
            return;
        }

        // In an environment, an empty value is the usual way to unset a setting. So the default stays.
        if (string.IsNullOrWhiteSpace(section.Value))
        {
            if (type == typeof(string) && section.Value is not null)
            {
                sound[section.Path] = section.Value;
            }

            return;
        }

        try
        {
            _ = TypeDescriptor.GetConverter(type).ConvertFromInvariantString(section.Value);
            sound[section.Path] = section.Value;
        }
        catch (Exception e) when (e is ArgumentException or FormatException or NotSupportedException or OverflowException or UriFormatException)
        {
            mistakes.Add($"{section.Path} = '{section.Value}': must be {Expected(type)}.");
        }
    }

    private static bool IsScalar(Type type) => type.IsPrimitive || type.IsEnum || type == typeof(string) || type == typeof(Uri) || type == typeof(TimeSpan);

    private static bool IsMap(Type type) => type.IsGenericType && typeof(IDictionary).IsAssignableFrom(type);

    private static bool IsList(Type type) => !IsMap(type) && type.IsGenericType && typeof(IEnumerable).IsAssignableFrom(type);

    private static string Expected(Type type) => type switch
    {
        _ when type == typeof(bool) => "true or false",
        _ when type == typeof(int) || type == typeof(long) => "a whole number",
        _ when type == typeof(double) => "a number such as 0.5",
        _ when type == typeof(Uri) => "an address such as http://127.0.0.1:8081",
        _ when type == typeof(RegionRoles) => "one or more of store, control, silo, facade, separated by commas",
        { IsEnum: true } => $"one of {string.Join(", ", Enum.GetNames(type))}",
        _ => $"a {type.Name}",
    };
}
