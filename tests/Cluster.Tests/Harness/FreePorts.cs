using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Meridian.Cluster.Tests.Harness;

/// <summary>
/// Finds ports for processes that cannot be told to take port 0, because others must know their address before they start.
/// All are below the range that the kernel hands out for outgoing connections, so nobody takes one in between by accident. Test processes that run at the same time search in different parts of the
/// range: the ports of a process that is being restarted look free.
/// </summary>
public static class FreePorts
{
    private const int All = 12_000;
    private const int Parts = 6;
    private const int PartLength = 3_000;

    // Held until the process ends. Where all parts are taken, two processes share the first.
    private static readonly FileStream? Claim = Enumerable.Range(0, Parts).Select(TryClaim).FirstOrDefault(claim => claim is not null);
    private static readonly int Lowest = All + (PartLength * (Claim is null ? 0 : int.Parse(Path.GetExtension(Claim.Name).AsSpan(1), CultureInfo.InvariantCulture)));
    private static readonly int Highest = Lowest + PartLength;

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

    // Processes that end and others that begin meanwhile start their search in different places.
    private static int _next = Lowest + Environment.ProcessId * 149 % (PartLength - 1000);

    private static FileStream? TryClaim(int part)
    {
        try
        {
            return new FileStream(
                Path.Combine(Path.GetTempPath(), string.Create(CultureInfo.InvariantCulture, $"meridian-test-ports.{part}")), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
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
