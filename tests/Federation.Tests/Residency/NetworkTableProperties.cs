using System.Net;
using System.Net.Sockets;
using CsCheck;
using Meridian.Federation.Residency;

namespace Meridian.Federation.Tests.Residency;

/// <summary>The table against a scan of all networks.</summary>
public sealed class NetworkTableProperties
{
    // Few distinct bits, so that networks nest, touch and repeat; now and then an edge of the space.
    private static readonly Gen<byte[]> Bits4 = Gen.OneOf(Gen.OneOf(Gen.Const((byte)10), Gen.Const((byte)0), Gen.Const((byte)255), Gen.Byte[0, 3]).Array[4], Gen.Byte.Array[4]);

    private static readonly Gen<byte[]> Bits6 = Gen.OneOf(Gen.OneOf(Gen.Const((byte)0x20), Gen.Const((byte)0), Gen.Const((byte)255), Gen.Byte[0, 3]).Array[16], Gen.Byte.Array[16]);

    private static readonly Gen<IPNetwork> Network = Gen.OneOf(
        Gen.Select(Bits4, Gen.Int[0, 32], (bits, length) => Of(bits, length)),
        Gen.Select(Bits6, Gen.Int[0, 128], (bits, length) => Of(bits, length)));

    private static readonly Gen<IPAddress> Address = Gen.OneOf(
        Bits4.Select(bits => new IPAddress(bits)),
        Bits4.Select(bits => new IPAddress(bits).MapToIPv6()),
        Bits6.Select(bits => new IPAddress(bits)));

    [Fact]
    public void The_longest_prefix_decides_as_in_a_scan() =>
        Gen.Select(Gen.Select(Network, Gen.UShort[1, 5]).Array[0, 40], Address.Array[1, 30]).Sample(
            (networks, addresses) =>
            {
                // Beside the drawn ones every border of every network, from both sides.
                var table = new NetworkTable(networks);
                var borders = networks.SelectMany(n => new[] { NetworkTable.Range(n.Item1).First, NetworkTable.Range(n.Item1).Last, NetworkTable.Range(n.Item1).First - UInt128.One, NetworkTable.Range(n.Item1).Last + UInt128.One }
                    .Select(number => ToAddress(number, n.Item1.BaseAddress.AddressFamily == AddressFamily.InterNetwork)));
                foreach (var address in addresses.Concat(borders))
                    Assert.True(table.Find(address) == Scan(networks, address), $"{address}: {table.Find(address)} against {Scan(networks, address)}");
            },
            iter: 2000);

    [Fact]
    public void A_large_table_is_found_in_whole()
    {
        // Every /24 of 10/8 has a value, every other one a /28 inside with another.
        var networks = new List<(IPNetwork, ushort)>();
        for (var i = 0; i < 65_536; i++)
        {
            networks.Add((Of([10, (byte)(i >> 8), (byte)i, 0], 24), (ushort)(1 + (i % 600))));
            if (i % 2 == 0)
                networks.Add((Of([10, (byte)(i >> 8), (byte)i, 16], 28), 700));
        }

        var table = new NetworkTable(networks);

        for (var i = 0; i < 65_536; i += 7)
        {
            Assert.Equal(1 + (i % 600), table.Find(new IPAddress([10, (byte)(i >> 8), (byte)i, 1])));
            Assert.Equal(i % 2 == 0 ? 700 : 1 + (i % 600), table.Find(new IPAddress([10, (byte)(i >> 8), (byte)i, 31])));
        }

        Assert.Equal(0, table.Find(IPAddress.Parse("11.0.0.0")));
        Assert.Equal(0, table.Find(IPAddress.Parse("9.255.255.255")));
    }

    [Fact]
    public void A_lookup_allocates_nothing()
    {
        var table = new NetworkTable([(Of([10, 0, 0, 0], 8), 1), (Of([0x20, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 16), 2)]);
        IPAddress[] addresses = [IPAddress.Parse("10.1.2.3"), IPAddress.Parse("2001::1"), IPAddress.Parse("::ffff:10.1.2.3")];
        var sum = 0;
        for (var i = 0; i < 100; i++)
            sum += table.Find(addresses[i % 3]);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
            sum += table.Find(addresses[i % 3]);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.True(sum > 0);
    }

    /// <summary>Longest holding prefix; of equal ones the last.</summary>
    private static ushort Scan(IEnumerable<(IPNetwork Network, ushort Value)> networks, IPAddress address)
    {
        (int Length, ushort Value) best = (-1, 0);
        foreach (var (network, value) in networks)
        {
            if (network.Contains(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address) && network.PrefixLength >= best.Length)
                best = (network.PrefixLength, value);
        }

        return best.Value;
    }

    private static IPNetwork Of(byte[] bits, int length)
    {
        var masked = (byte[])bits.Clone();
        for (var bit = length; bit < masked.Length * 8; bit++)
            masked[bit / 8] &= (byte)~(0x80 >> (bit % 8));

        // A mapped network of IPv6 with a short prefix is no IPv4 network, and is not taken.
        return NetworkNotation.TryNetwork($"{new IPAddress(masked)}/{length}", out var prefix, out var mistake) ? prefix
            : mistake.Contains("mapped", StringComparison.Ordinal) ? Of([0x20, 1, .. masked.AsSpan(2)], Math.Max(length, 16))
            : throw new InvalidOperationException(mistake);
    }

    private static IPAddress ToAddress(UInt128 number, bool isIPv4)
    {
        var bytes = new byte[16];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt128BigEndian(bytes, number);
        return new IPAddress(isIPv4 ? bytes.AsSpan(12) : bytes);
    }
}
