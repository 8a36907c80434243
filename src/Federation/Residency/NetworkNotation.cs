using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Meridian.Federation.Residency;

/// <summary>
/// Reads networks in CIDR notation (RFC 4632, RFC 4291) and addresses, more strictly than the system does, and says what is wrong with them. IPv4 and IPv6 are
/// two spaces: <c>::/0</c> holds no IPv4 address. IPv4-mapped IPv6 (<c>::ffff:192.0.2.0/120</c>) is IPv4.
/// </summary>
public static class NetworkNotation
{
    private const int MappedBits = 96;

    /// <summary>Reads <c>192.0.2.0/24</c>, <c>2001:db8::/32</c>, or an address alone.</summary>
    /// <param name="text">The notation.</param>
    /// <param name="network">The network.</param>
    /// <param name="mistake">What is wrong and what would be right.</param>
    public static bool TryNetwork(string? text, out IPNetwork network, [NotNullWhen(false)] out string? mistake)
    {
        network = default;
        var parts = (text ?? "").Split('/', 2);
        if (!TryAddress(parts[0], out var address))
        {
            mistake = "it must be a network such as 192.0.2.0/24 or 2001:db8::/32";
            return false;
        }

        var written = address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128;
        var length = written;
        if (parts.Length == 2 && (!int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out length) || length > written))
        {
            mistake = $"its length '{parts[1]}' must be a whole number from 0 to {written}";
            return false;
        }

        if (address.IsIPv4MappedToIPv6)
        {
            if (length < MappedBits)
            {
                mistake = $"it holds more than the IPv4-mapped addresses; write IPv4 networks as IPv4, and give this one a length of at least {MappedBits}";
                return false;
            }

            address = address.MapToIPv4();
            length -= MappedBits;
        }

        network = new IPNetwork(Masked(address, length), length);
        mistake = network.BaseAddress.Equals(address) ? null : $"it has bits beyond its length; did you mean {network}?";
        return mistake is null;
    }

    /// <summary>
    /// Reads an address in full notation: four decimal numbers, or IPv6 without scope and brackets. The system's own reader takes <c>1</c>, <c>0x7f.1</c> and
    /// octal numbers, too.
    /// </summary>
    public static bool TryAddress(string text, [NotNullWhen(true)] out IPAddress? address)
    {
        ArgumentNullException.ThrowIfNull(text);
        address = null;
        if (text.Contains(':', StringComparison.Ordinal))
            return text.AsSpan().IndexOfAny("[]%") < 0 && IPAddress.TryParse(text, out address);
        var numbers = text.Split('.');
        return numbers.Length == 4 && Array.TrueForAll(numbers, IsOctet) && IPAddress.TryParse(text, out address);
    }

    private static IPAddress Masked(IPAddress address, int length)
    {
        var bytes = address.GetAddressBytes();
        for (var i = 0; i < bytes.Length; i++)
            bytes[i] &= (byte)(0xFF << (8 - Math.Clamp(length - (8 * i), 0, 8)));
        return new IPAddress(bytes);
    }

    private static bool IsOctet(string text) =>
        text.Length is >= 1 and <= 3 && (text.Length == 1 || text[0] != '0') && byte.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _);
}
