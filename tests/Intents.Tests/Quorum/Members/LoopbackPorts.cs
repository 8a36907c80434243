using System.Net;
using System.Net.Sockets;

namespace Meridian.Intents.Tests.Quorum.Members;

/// <summary>Ports for members that must know each other's addresses before they start, below the range that the kernel hands out for outgoing connections.</summary>
internal static class LoopbackPorts
{
    private const int Lowest = 12_000;
    private const int Highest = 31_000;
    private static readonly Lock Gate = new();
    private static int _next = Lowest + Environment.ProcessId * 211 % (Highest - Lowest - 1000);

    public static int Next()
    {
        lock (Gate)
        {
            for (var attempt = 0; attempt < Highest - Lowest; attempt++)
            {
                _next = _next + 1 >= Highest ? Lowest : _next + 1;
                if (IsFree(_next))
                    return _next;
            }
        }

        throw new InvalidOperationException($"No free port between {Lowest} and {Highest}.");
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.ExclusiveAddressUse = true;
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
