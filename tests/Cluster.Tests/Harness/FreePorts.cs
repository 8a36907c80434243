using System.Net;
using System.Net.Sockets;

namespace Meridian.Cluster.Tests.Harness;

/// <summary>
/// Finds ports for processes that cannot be told to take port 0, because others must know their address before they start.
/// All are below the range that the kernel hands out for outgoing connections, so nobody takes one in between by accident.
/// </summary>
public static class FreePorts
{
    private const int Lowest = 12_000;
    private const int Highest = 31_000;

    /// <summary>The first of a range of ports, all free now; each call answers another range.</summary>
    /// <exception cref="InvalidOperationException">No such range was found.</exception>
    public static int Range(int length)
    {
        lock (Gate)
        {
            for (var attempt = 0; attempt < 200; attempt++)
            {
                var first = _next;
                _next += length;
                if (_next > Highest)
                {
                    _next = Lowest;
                    continue;
                }

                if (Enumerable.Range(first, length).All(IsFree))
                {
                    return first;
                }
            }
        }

        throw new InvalidOperationException($"No {length} free ports in a row between {Lowest} and {Highest}.");
    }

    private static readonly Lock Gate = new();

    // Runs of several test processes at the same time start their search in different places.
    private static int _next = Lowest + Environment.ProcessId * 149 % (Highest - Lowest - 1000);

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
