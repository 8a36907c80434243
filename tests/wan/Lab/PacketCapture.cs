using System.Buffers.Binary;
using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Meridian.Wan.Lab;

/// <summary>
/// A capture at a site's interface (an AF_PACKET socket, as tcpdump uses): counts packets and how often a byte string went by. Independent of the relay: it sees
/// what the site's own kernel sends and receives.
/// </summary>
public sealed unsafe class PacketCapture : IDisposable
{
    private const int EveryProtocol = 0x0003;

    private readonly ReadOnlyMemory<byte> _wanted;
    private readonly Dictionary<(ulong Addresses, uint Ports), byte[]> _ends = [];
    private readonly Thread _thread;
    private readonly int _socket;
    private readonly int _wake;
    private long _packets;
    private long _bytes;
    private long _found;
    private bool _ended;

    /// <param name="site">Name for the thread.</param>
    /// <param name="socket">Of <see cref="OpenSocket"/>.</param>
    /// <param name="wanted">What is counted.</param>
    internal PacketCapture(string site, int socket, ReadOnlyMemory<byte> wanted)
    {
        (_socket, _wanted) = (socket, wanted);
        _wake = Libc.EventDescriptor(0, Libc.NonBlocking | Libc.CloseOnExec);
        Libc.Check(_wake, "eventfd");
        _thread = new Thread(Read) { IsBackground = true, Name = $"capture {site}" };
        _thread.Start();
    }

    /// <summary>A socket that gets every packet of the calling thread's network.</summary>
    internal static int OpenSocket()
    {
        var protocol = BinaryPrimitives.ReverseEndianness((ushort)EveryProtocol);
        var socket = Libc.Socket(Libc.PacketFamily, Libc.Datagram | Libc.CloseOnExec | Libc.NonBlocking, protocol);
        Libc.Check(socket, "socket(AF_PACKET)");
        return socket;
    }

    /// <value>IPv4 packets between sites so far; the site's loopback is not among them.</value>
    public long Packets => Volatile.Read(ref _packets);

    /// <value>Their bytes, IP headers included.</value>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <value>How often the byte string went by.</value>
    public long Found => Volatile.Read(ref _found);

    /// <summary>Ends the capture when all that has come so far is counted; the counts stay.</summary>
    public void Dispose()
    {
        if (_ended)
        {
            return;
        }

        _ended = true;
        var one = 1UL;
        _ = Libc.Write(_wake, (byte*)&one, sizeof(ulong));
        _thread.Join();
        _ = Libc.Close(_socket);
        _ = Libc.Close(_wake);
    }

    private void Read()
    {
        var buffer = new byte[65_536];
        var entries = stackalloc Libc.PollEntry[2];
        while (true)
        {
            entries[0] = new Libc.PollEntry { Descriptor = _socket, Events = Libc.PollIn };
            entries[1] = new Libc.PollEntry { Descriptor = _wake, Events = Libc.PollIn };
            if (Libc.Poll(entries, 2, null, null) < 0 && Marshal.GetLastPInvokeError() != Libc.Interrupted)
            {
                throw new Win32Exception(Marshal.GetLastPInvokeError());
            }

            while (true)
            {
                nint length;
                fixed (byte* start = buffer)
                {
                    length = Libc.Read(_socket, start, buffer.Length);
                }

                if (length <= 0)
                {
                    break;
                }

                See(buffer.AsSpan(0, (int)length));
            }

            // What had come before the end was asked for has been seen.
            if (entries[1].Returned != 0)
            {
                return;
            }
        }
    }

    private void See(ReadOnlySpan<byte> packet)
    {
        const byte Tcp = 6;
        if (packet.Length < 20 || packet[0] >> 4 != 4 || packet[12] != 10 || packet[13] != 77)
        {
            return;
        }

        Volatile.Write(ref _packets, _packets + 1);
        Volatile.Write(ref _bytes, _bytes + packet.Length);
        var header = (packet[0] & 15) * 4;
        if (packet[9] != Tcp || packet.Length < header + 20)
        {
            Count(packet[header..]);
            return;
        }

        var tcp = packet[header..];
        var flow = (BinaryPrimitives.ReadUInt64BigEndian(packet[12..]), BinaryPrimitives.ReadUInt32BigEndian(tcp));
        var payload = tcp[Math.Min((tcp[12] >> 4) * 4, tcp.Length)..];
        if (payload.IsEmpty)
        {
            return;
        }

        // With the end of what came before in front: one byte less than the string, so nothing is counted twice.
        byte[] seen = _ends.TryGetValue(flow, out var before) ? [.. before, .. payload] : payload.ToArray();
        Count(seen);
        _ends[flow] = seen[Math.Max(0, seen.Length - (_wanted.Length - 1))..];
    }

    private void Count(ReadOnlySpan<byte> bytes)
    {
        for (int at; (at = bytes.IndexOf(_wanted.Span)) >= 0; bytes = bytes[(at + _wanted.Length)..])
        {
            Volatile.Write(ref _found, _found + 1);
        }
    }
}
