using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Meridian.Federation.Residency;

/// <summary>
/// A network in CIDR notation (RFC 4632, RFC 4291). IPv4 and IPv6 are two spaces: <c>::/0</c> holds no IPv4 address. IPv4-mapped IPv6 (<c>::ffff:192.0.2.0/120</c>) is IPv4.
/// </summary>
/// <param name="First">First address as a number; of IPv4 the lower 32 bits.</param>
/// <param name="Length">Leading bits that are alike, 0 to 32 or 128.</param>
/// <param name="IsIPv4">Which of the spaces.</param>
public readonly record struct NetworkPrefix(UInt128 First, int Length, bool IsIPv4)
{
    private const int MappedBits = 96;

    /// <value>Last address as a number.</value>
    public UInt128 Last => First | HostMask(Length, IsIPv4);

    public bool Contains(IPAddress address)
    {
        var number = Number(address, out var isIPv4);
        return isIPv4 == IsIPv4 && number >= First && number <= Last;
    }

    /// <summary>An address as a number; an IPv4-mapped one is its IPv4 address. Scopes are left out.</summary>
    public static UInt128 Number(IPAddress address, out bool isIPv4)
    {
        ArgumentNullException.ThrowIfNull(address);
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out var written);
        isIPv4 = written == 4 || address.IsIPv4MappedToIPv6;
        return written == 4 ? BinaryPrimitives.ReadUInt32BigEndian(bytes)
            : isIPv4 ? BinaryPrimitives.ReadUInt32BigEndian(bytes[12..])
            : BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }

    /// <summary>Reads <c>192.0.2.0/24</c>, <c>2001:db8::/32</c>, or an address alone.</summary>
    /// <param name="text">Notation.</param>
    /// <param name="prefix">The network.</param>
    /// <param name="mistake">What is wrong and what would be right.</param>
    public static bool TryParse(string? text, out NetworkPrefix prefix, [NotNullWhen(false)] out string? mistake)
    {
        prefix = default;
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

        var number = Number(address, out var isIPv4);
        if (isIPv4 && written == 128)
        {
            if (length < MappedBits)
            {
                mistake = $"it holds more than the IPv4-mapped addresses; write IPv4 networks as IPv4, and give this one a length of at least {MappedBits}";
                return false;
            }

            length -= MappedBits;
        }

        prefix = new NetworkPrefix(number & ~HostMask(length, isIPv4), length, isIPv4);
        mistake = prefix.First == number ? null : $"it has bits beyond its length; did you mean {prefix}?";
        return mistake is null;
    }

    /// <summary>An address in full notation: four decimal numbers, or IPv6 without scope and brackets. The system's own reader takes <c>1</c>, <c>0x7f.1</c> and octal numbers, too.</summary>
    public static bool TryAddress(string text, [NotNullWhen(true)] out IPAddress? address)
    {
        ArgumentNullException.ThrowIfNull(text);
        address = null;
        if (text.Contains(':', StringComparison.Ordinal))
            return text.AsSpan().IndexOfAny("[]%") < 0 && IPAddress.TryParse(text, out address);
        var numbers = text.Split('.');
        return numbers.Length == 4 && Array.TrueForAll(numbers, IsOctet) && IPAddress.TryParse(text, out address);
    }

    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, First);
        return string.Create(CultureInfo.InvariantCulture, $"{new IPAddress(IsIPv4 ? bytes[12..] : bytes)}/{Length}");
    }

    private static UInt128 HostMask(int length, bool isIPv4)
    {
        var host = (isIPv4 ? 32 : 128) - length;
        return host == 128 ? UInt128.MaxValue : (UInt128.One << host) - UInt128.One;
    }

    private static bool IsOctet(string text) =>
        text.Length is >= 1 and <= 3 && (text.Length == 1 || text[0] != '0') && byte.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _);
}
