using System.Globalization;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using Meridian.Specs;

namespace Meridian.Grains.Settings;

/// <summary>
/// Names engine settings by their content. Settings with their default do not count. So a build that knows one setting more gives the same digest as a build without it,
/// and silos of two builds agree during an upgrade.
/// </summary>
internal static class SettingsDigest
{
    private const int Digits = 16;
    private static readonly PropertyInfo[] Properties = [.. typeof(EngineSettings).GetProperties().OrderBy(static p => p.Name, StringComparer.Ordinal)];
    private static readonly EngineSettings Defaults = new();

    public static string Of(EngineSettings engine)
    {
        var text = new StringBuilder();
        foreach (var property in Properties)
        {
            var value = property.GetValue(engine);
            if (!Equals(value, property.GetValue(Defaults)))
                text.Append(CultureInfo.InvariantCulture, $"{property.Name}={value}\n");
        }

        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())))[..Digits];
    }
}
