namespace Meridian.Wan.Lab;

/// <summary>One direction of a link: a queue of packets on their way. Settings may change at any time; the queue belongs to the relay's thread alone.</summary>
public sealed class Line
{
    // Held while stalled at most; TCP's windows keep real traffic far below.
    private const long MostHeldBytes = 64 << 20;

    private readonly Queue<Packet> _onTheWay = new();
    private readonly Random _random;
    private readonly Action _changed;
    private LineSettings _settings = new();
    private long _freeAt;
    private long _lastDue;
    private long _heldBytes;
    private long _packets;
    private long _bytes;
    private long _lost;

    internal Line(string from, string to, int seed, Action changed)
    {
        (From, To, _changed) = (from, to, changed);
        _random = new Random(seed);
    }

    public string From { get; }

    public string To { get; }

    /// <value>In force for every packet that comes after the assignment; <see cref="LineSettings.State"/> for those on their way as well.</value>
    public LineSettings Settings
    {
        get => Volatile.Read(ref _settings);
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            Volatile.Write(ref _settings, value.Checked());
            _changed();
        }
    }

    /// <value>Packets delivered so far.</value>
    public long Packets => Volatile.Read(ref _packets);

    /// <value>Bytes delivered so far, IP headers included.</value>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <value>Packets lost so far: by chance, by a full queue or by a cut.</value>
    public long Lost => Volatile.Read(ref _lost);

    /// <summary>Takes a packet in, or loses it.</summary>
    /// <returns>False: lost, the buffer is the caller's again.</returns>
    internal bool Take(byte[] buffer, int length, long now)
    {
        var settings = Settings;
        if (settings.State is LineState.Cut or LineState.Rejecting
            || (settings.Loss > 0 && _random.NextDouble() < settings.Loss)
            || _heldBytes + length > MostHeldBytes)
        {
            Lose();
            return false;
        }

        var sent = now;
        if (settings.BitsPerSecond is { } rate)
        {
            // The transmitter as virtual time: it is busy until _freeAt, and what waits for it is the rate times that.
            var waits = Math.Max(0, _freeAt - now);
            if (waits * (rate / 8e9) + length > settings.QueueBytes)
            {
                Lose();
                return false;
            }

            sent = _freeAt = now + waits + (long)(length * 8e9 / rate);
        }
        else
        {
            _freeAt = now;
        }

        var jitter = settings.Jitter > TimeSpan.Zero ? (long)(_random.NextDouble() * settings.Jitter.TotalNanoseconds) : 0;

        // Never before the one in front of it.
        _lastDue = Math.Max(_lastDue, sent + (long)settings.Latency.TotalNanoseconds + jitter);
        _onTheWay.Enqueue(new Packet(buffer, length, _lastDue));
        _heldBytes += length;
        return true;
    }

    /// <summary>When the next packet is due, nanoseconds of the monotonic clock; <see cref="long.MaxValue"/> with none.</summary>
    internal long NextDue => Settings.State == LineState.Stalled || !_onTheWay.TryPeek(out var packet) ? long.MaxValue : packet.Due;

    /// <summary>The next packet that has arrived.</summary>
    /// <param name="now">Nanoseconds of the monotonic clock.</param>
    /// <param name="packet">The packet; its buffer is the caller's.</param>
    /// <param name="lost">Whether it arrived nowhere.</param>
    internal bool TryArrive(long now, out Packet packet, out bool lost)
    {
        lost = false;
        var state = Settings.State;
        if (state == LineState.Stalled || !_onTheWay.TryPeek(out packet) || (packet.Due > now && state == LineState.Open))
        {
            packet = default;
            return false;
        }

        _onTheWay.Dequeue();
        _heldBytes -= packet.Length;
        if (_onTheWay.Count == 0 && state != LineState.Open)
        {
            _lastDue = now;
        }

        lost = state != LineState.Open;
        return true;
    }

    internal void Delivered(int length)
    {
        Volatile.Write(ref _packets, _packets + 1);
        Volatile.Write(ref _bytes, _bytes + length);
    }

    internal void Lose() => Volatile.Write(ref _lost, _lost + 1);

    /// <param name="Buffer">Holds the packet from its start.</param>
    /// <param name="Length">Bytes.</param>
    /// <param name="Due">When it arrives, nanoseconds of the monotonic clock.</param>
    internal readonly record struct Packet(byte[] Buffer, int Length, long Due);
}
