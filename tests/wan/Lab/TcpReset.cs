using System.Buffers.Binary;

namespace Meridian.Wan.Lab;

/// <summary>The answer of a host or firewall that wants nothing of a connection (RFC 9293, 3.10.7.1).</summary>
internal static class TcpReset
{
    /// <value>Length of the answer, bytes.</value>
    public const int Length = 40;

    private const byte Tcp = 6;
    private const byte Fin = 0x01;
    private const byte Syn = 0x02;
    private const byte Rst = 0x04;
    private const byte Ack = 0x10;

    /// <summary>Writes the reset that answers a packet.</summary>
    /// <param name="packet">An IPv4 packet.</param>
    /// <param name="answer">At least <see cref="Length"/> bytes.</param>
    /// <returns>False: the packet is not TCP, is a fragment, or is a reset itself.</returns>
    public static bool TryAnswer(ReadOnlySpan<byte> packet, Span<byte> answer)
    {
        var header = (packet[0] & 15) * 4;
        if (packet[9] != Tcp || packet.Length < header + 20 || (BinaryPrimitives.ReadUInt16BigEndian(packet[6..]) & 0x1fff) != 0)
        {
            return false;
        }

        var tcp = packet[header..];
        var flags = tcp[13];
        if ((flags & Rst) != 0)
        {
            return false;
        }

        answer = answer[..Length];
        answer.Clear();
        answer[0] = 0x45;
        BinaryPrimitives.WriteUInt16BigEndian(answer[2..], Length);
        answer[8] = 64;
        answer[9] = Tcp;
        packet.Slice(16, 4).CopyTo(answer[12..]);
        packet.Slice(12, 4).CopyTo(answer[16..]);
        BinaryPrimitives.WriteUInt16BigEndian(answer[10..], Checksum(answer[..20], 0));

        var reset = answer[20..];
        tcp.Slice(2, 2).CopyTo(reset);
        tcp[..2].CopyTo(reset[2..]);
        reset[12] = 5 << 4;
        if ((flags & Ack) != 0)
        {
            tcp.Slice(8, 4).CopyTo(reset[4..]);
            reset[13] = Rst;
        }
        else
        {
            var taken = tcp.Length - (tcp[12] >> 4) * 4 + ((flags & Syn) != 0 ? 1 : 0) + ((flags & Fin) != 0 ? 1 : 0);
            BinaryPrimitives.WriteUInt32BigEndian(reset[8..], BinaryPrimitives.ReadUInt32BigEndian(tcp[4..]) + (uint)taken);
            reset[13] = Rst | Ack;
        }

        // The pseudo header: both addresses, the protocol, the segment's length.
        var pseudo = Sum(answer.Slice(12, 8)) + Tcp + 20;
        BinaryPrimitives.WriteUInt16BigEndian(reset[16..], Checksum(reset, pseudo));
        return true;
    }

    private static uint Sum(ReadOnlySpan<byte> bytes)
    {
        var sum = 0u;
        for (var i = 0; i < bytes.Length; i += 2)
        {
            sum += BinaryPrimitives.ReadUInt16BigEndian(bytes[i..]);
        }

        return sum;
    }

    private static ushort Checksum(ReadOnlySpan<byte> bytes, uint more)
    {
        var sum = Sum(bytes) + more;
        while (sum >> 16 != 0)
        {
            sum = (sum & 0xffff) + (sum >> 16);
        }

        return (ushort)~sum;
    }
}
