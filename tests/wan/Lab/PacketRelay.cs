using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Meridian.Wan.Lab;

/// <summary>
/// Carries every packet between the sites. One thread reads what leaves a site, puts it on the line to its destination and writes what has arrived: the sites'
/// kernels speak TCP with each other end to end, so handshakes, retransmissions, refusals and time-outs are the real ones.
/// </summary>
internal sealed unsafe class PacketRelay : IDisposable
{
    /// <value>Greatest packet, bytes.</value>
    public const int Mtu = 1500;

    // Per site and turn, so that one busy site does not hold up what is due for the others.
    private const int PacketsPerTurn = 32;

    // Sites are numbered from 1; the number is the third byte of their addresses.
    private readonly TunDevice?[] _devices = new TunDevice?[WanLab.MostSites + 1];
    private readonly Line?[,] _lines = new Line?[WanLab.MostSites + 1, WanLab.MostSites + 1];
    private readonly List<(Line Line, int To)> _all = [];
    private readonly ConcurrentQueue<Action> _changes = new();
    private readonly Stack<byte[]> _buffers = new();
    private readonly Thread _thread;
    private readonly int _wake;
    private int _sites;
    private bool _stopping;

    public PacketRelay()
    {
        _wake = Libc.EventDescriptor(0, Libc.NonBlocking | Libc.CloseOnExec);
        Libc.Check(_wake, "eventfd");
        _thread = new Thread(Relay) { IsBackground = true, Name = "wan relay", Priority = ThreadPriority.Highest };
        _thread.Start();
    }

    /// <summary>Takes in the site with the next number; its lines to and from the sites before it must be there.</summary>
    public void Add(int site, TunDevice device, IEnumerable<(int From, int To, Line Line)> lines)
    {
        var added = lines.ToArray();
        Change(() =>
        {
            foreach (var (from, to, line) in added)
            {
                _lines[from, to] = line;
                _all.Add((line, to));
            }

            _devices[site] = device;
            _sites = site;
        });
    }

    /// <summary>Makes the thread look at the lines again.</summary>
    public void Wake()
    {
        var one = 1UL;
        _ = Libc.Write(_wake, (byte*)&one, sizeof(ulong));
    }

    public void Dispose()
    {
        Change(() => _stopping = true);
        _thread.Join();
        _ = Libc.Close(_wake);
        foreach (var device in _devices)
        {
            device?.Dispose();
        }
    }

    private void Change(Action change)
    {
        _changes.Enqueue(change);
        Wake();
    }

    private void Relay()
    {
        // Ahead of the inference threads of this machine, else the lab would measure them. A refusal costs precision only.
        const int OfThread = 0;
        _ = Libc.SetPriority(OfThread, 0, -15);
        var entries = stackalloc Libc.PollEntry[WanLab.MostSites + 1];
        while (!_stopping)
        {
            entries[0] = new Libc.PollEntry { Descriptor = _wake, Events = Libc.PollIn };
            for (var site = 1; site <= _sites; site++)
            {
                entries[site] = new Libc.PollEntry { Descriptor = _devices[site]!.Descriptor, Events = Libc.PollIn };
            }

            var wait = Timeout();
            if (Libc.Poll(entries, (nuint)_sites + 1, wait is { } time ? &time : null, null) < 0)
            {
                var error = Marshal.GetLastPInvokeError();
                if (error != Libc.Interrupted)
                {
                    throw new System.ComponentModel.Win32Exception(error);
                }

                continue;
            }

            if (entries[0].Returned != 0)
            {
                ulong count;
                _ = Libc.Read(_wake, (byte*)&count, sizeof(ulong));
                while (_changes.TryDequeue(out var change))
                {
                    change();
                }
            }

            for (var site = 1; site <= _sites; site++)
            {
                if (entries[site].Returned != 0)
                {
                    ReadFrom(site);
                }
            }

            Deliver();
        }
    }

    private Libc.TimeSpec? Timeout()
    {
        var next = long.MaxValue;
        foreach (var (line, _) in _all)
        {
            next = Math.Min(next, line.NextDue);
        }

        var wait = Math.Max(0, next - Now());
        return next == long.MaxValue ? null : new Libc.TimeSpec { Seconds = wait / 1_000_000_000, Nanoseconds = wait % 1_000_000_000 };
    }

    private void ReadFrom(int site)
    {
        var descriptor = _devices[site]!.Descriptor;
        for (var i = 0; i < PacketsPerTurn; i++)
        {
            var buffer = _buffers.TryPop(out var used) ? used : new byte[Mtu];
            nint length;
            fixed (byte* start = buffer)
            {
                length = Libc.Read(descriptor, start, Mtu);
            }

            if (length <= 0)
            {
                _buffers.Push(buffer);
                return;
            }

            // 10.77.SITE.x; anything else (IPv6 solicitations, unknown sites) has nowhere to go.
            var isOurs = length >= 20 && buffer[0] >> 4 == 4 && buffer[16] == 10 && buffer[17] == 77 && buffer[18] <= _sites;
            if (!isOurs || _lines[site, buffer[18]] is not { } line)
            {
                _buffers.Push(buffer);
                continue;
            }

            if (line.Settings.State == LineState.Rejecting)
            {
                Reject(descriptor, buffer.AsSpan(0, (int)length));
            }

            if (!line.Take(buffer, (int)length, Now()))
            {
                _buffers.Push(buffer);
            }
        }
    }

    private static void Reject(int descriptor, ReadOnlySpan<byte> packet)
    {
        Span<byte> answer = stackalloc byte[TcpReset.Length];
        if (TcpReset.TryAnswer(packet, answer))
        {
            fixed (byte* start = answer)
            {
                _ = Libc.Write(descriptor, start, TcpReset.Length);
            }
        }
    }

    private void Deliver()
    {
        var now = Now();
        foreach (var (line, to) in _all)
        {
            while (line.TryArrive(now, out var packet, out var lost))
            {
                nint written = -1;
                if (!lost)
                {
                    fixed (byte* start = packet.Buffer)
                    {
                        written = Libc.Write(_devices[to]!.Descriptor, start, packet.Length);
                    }
                }

                if (written == packet.Length)
                {
                    line.Delivered(packet.Length);
                }
                else
                {
                    line.Lose();
                }

                _buffers.Push(packet.Buffer);
            }
        }
    }

    // Nanoseconds: what the clock of the framework counts in on Linux.
    private static long Now() => Stopwatch.GetTimestamp();
}
