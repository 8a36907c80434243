using System.Globalization;

namespace Meridian.Inference.Sessions;

/// <summary>A device that a session runs on, for example <c>cpu:0</c> or <c>cuda:1</c>.</summary>
/// <param name="Kind"><c>cpu</c> or <c>cuda</c>.</param>
/// <param name="Ordinal">Number of the device among those of its kind, from 0.</param>
public readonly record struct DeviceName(string Kind, int Ordinal)
{
    public bool IsCuda => Kind == "cuda";

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Kind}:{Ordinal}");

    /// <summary>Parses <c>kind:ordinal</c>.</summary>
    public static bool TryParse(string? text, out DeviceName device)
    {
        device = default;
        if (text is null)
            return false;
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0 || !int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var ordinal))
            return false;
        var kind = text[..colon];
        if (kind is not ("cpu" or "cuda") || (kind == "cpu" && ordinal != 0))
            return false;
        device = new DeviceName(kind, ordinal);
        return true;
    }
}
