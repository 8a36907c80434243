using System.Buffers.Binary;
using System.Net;

namespace Meridian.Wan.Lab;

/// <summary>A site's only way out: a network interface whose packets are read and written here instead of going to hardware.</summary>
internal sealed unsafe class TunDevice : IDisposable
{
    public const string Path = "/dev/net/tun";
    public const string Name = "wan0";

    private const nuint SetInterface = 0x400454ca;
    private const nuint SetAddress = 0x8916;
    private const nuint SetNetMask = 0x891c;
    private const nuint SetFlags = 0x8914;
    private const nuint SetMtu = 0x8922;
    private const nuint SetQueueLength = 0x8943;
    private const short PlainIp = 0x0001 | 0x1000;
    private const short UpAndRunning = 0x1 | 0x40;

    private TunDevice(int descriptor) => Descriptor = descriptor;

    public int Descriptor { get; }

    /// <summary>Brings up the loopback interface and the device in the namespace of the calling thread. Without offload: the kernel hands over whole packets of
    /// at most the MTU with their checksums done.</summary>
    public static TunDevice Create(IPAddress address)
    {
        var descriptor = Libc.Open(Path, Libc.ReadWrite | Libc.NonBlocking | Libc.CloseOnExec);
        Libc.Check(descriptor, $"open({Path})");
        var create = Libc.InterfaceRequest.Of(Name);
        BinaryPrimitives.WriteInt16LittleEndian(new Span<byte>(create.Value, 2), PlainIp);
        Libc.Check(Libc.Control(descriptor, SetInterface, &create), "TUNSETIFF");

        var socket = Libc.Socket(Libc.InterNetwork, Libc.Datagram | Libc.CloseOnExec, 0);
        Libc.Check(socket, "socket");
        try
        {
            Configure(socket, "lo", SetFlags, UpAndRunning);
            ConfigureAddress(socket, SetAddress, address);
            ConfigureAddress(socket, SetNetMask, IPAddress.Parse("255.255.0.0"));
            Configure(socket, Name, SetMtu, PacketRelay.Mtu);
            Configure(socket, Name, SetQueueLength, 2000);
            Configure(socket, Name, SetFlags, UpAndRunning);
        }
        finally
        {
            _ = Libc.Close(socket);
        }

        return new TunDevice(descriptor);
    }

    public void Dispose() => _ = Libc.Close(Descriptor);

    private static void Configure(int socket, string name, nuint request, int value)
    {
        var change = Libc.InterfaceRequest.Of(name);
        BinaryPrimitives.WriteInt32LittleEndian(new Span<byte>(change.Value, 4), value);
        Libc.Check(Libc.Control(socket, request, &change), $"ioctl 0x{request:x} of {name}");
    }

    private static void ConfigureAddress(int socket, nuint request, IPAddress address)
    {
        var change = Libc.InterfaceRequest.Of(Name);
        BinaryPrimitives.WriteInt16LittleEndian(new Span<byte>(change.Value, 2), Libc.InterNetwork);
        address.TryWriteBytes(new Span<byte>(change.Value + 4, 4), out _);
        Libc.Check(Libc.Control(socket, request, &change), $"ioctl 0x{request:x} of {Name}");
    }
}
