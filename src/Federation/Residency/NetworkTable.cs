using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Meridian.Federation.Residency;

/// <summary>
/// Finds the value of the longest network prefix that contains an address. The constructor flattens nested networks into ascending ranges without overlap. A
/// look-up is a binary search and allocates nothing. Immutable. n networks give at most 2n + 1 ranges: 6 bytes each for IPv4, 18 for IPv6.
/// </summary>
public sealed class NetworkTable
{
    private readonly uint[] _starts4;
    private readonly ushort[] _values4;
    private readonly UInt128[] _starts6;
    private readonly ushort[] _values6;

    /// <param name="networks">Networks with values above 0. If a network comes twice, the later value counts.</param>
    public NetworkTable(IReadOnlyCollection<(IPNetwork Network, ushort Value)> networks)
    {
        ArgumentNullException.ThrowIfNull(networks);
        var (starts, values) = Flatten(networks, isIPv4: true);
        _starts4 = Array.ConvertAll(starts, start => (uint)start);
        _values4 = values;
        (_starts6, _values6) = Flatten(networks, isIPv4: false);
        Count = networks.Count;
    }

    /// <value>Number of networks that the table was built from.</value>
    public int Count { get; }

    /// <summary>Value of the longest prefix that holds the address, or 0 where none does.</summary>
    public ushort Find(IPAddress address)
    {
        var number = Number(address, out var isIPv4);
        return isIPv4 ? _values4[At(_starts4, (uint)number)] : _values6[At(_starts6, number)];
    }

    /// <summary>The first and the last address of a network as numbers; of IPv4 the lower 32 bits.</summary>
    internal static (UInt128 First, UInt128 Last) Range(IPNetwork network)
    {
        var first = Number(network.BaseAddress, out var isIPv4);
        var host = (isIPv4 ? 32 : 128) - network.PrefixLength;
        return (first, first | (host == 128 ? UInt128.MaxValue : (UInt128.One << host) - UInt128.One));
    }

    private static bool IsIPv4(IPNetwork network) => network.BaseAddress.AddressFamily == AddressFamily.InterNetwork;

    /// <summary>An address as a number; an IPv4-mapped address is its IPv4 address. Scopes are left out.</summary>
    private static UInt128 Number(IPAddress address, out bool isIPv4)
    {
        ArgumentNullException.ThrowIfNull(address);
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out var written);
        isIPv4 = written == 4 || address.IsIPv4MappedToIPv6;
        return written == 4 ? BinaryPrimitives.ReadUInt32BigEndian(bytes)
            : isIPv4 ? BinaryPrimitives.ReadUInt32BigEndian(bytes[12..])
            : BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }

    private static int At<T>(T[] starts, T address) where T : IComparable<T>
    {
        var at = Array.BinarySearch(starts, address);
        return at >= 0 ? at : ~at - 1;
    }

    private static (UInt128[] Starts, ushort[] Values) Flatten(IEnumerable<(IPNetwork Network, ushort Value)> networks, bool isIPv4)
    {
        // Outer networks come before the networks inside them. OrderBy is stable: of two equal networks the later one comes last and covers the earlier one.
        var sorted = networks.Where(n => IsIPv4(n.Network) == isIPv4).Select(n => (Range: Range(n.Network), n.Network.PrefixLength, n.Value))
            .OrderBy(n => n.Range.First).ThenBy(n => n.PrefixLength);
        var starts = new List<UInt128> { UInt128.Zero };
        var values = new List<ushort> { 0 };
        var open = new Stack<(UInt128 Last, ushort Value)>();
        var most = isIPv4 ? uint.MaxValue : UInt128.MaxValue;
        foreach (var (range, _, value) in sorted)
        {
            while (open.TryPeek(out var before) && before.Last < range.First)
                Close();
            Begin(range.First, value);
            open.Push((range.Last, value));
        }

        while (open.Count > 0)
            Close();
        return ([.. starts], [.. values]);

        void Close()
        {
            var closed = open.Pop();
            if (closed.Last < most)
                Begin(closed.Last + UInt128.One, open.TryPeek(out var outer) ? outer.Value : (ushort)0);
        }

        void Begin(UInt128 start, ushort value)
        {
            if (starts[^1] == start)
            {
                values[^1] = value;
            }
            else if (values[^1] != value)
            {
                starts.Add(start);
                values.Add(value);
            }
        }
    }
}
