namespace Meridian.Wan.Lab;

/// <summary>How one direction of a link behaves. Immutable: a change is one exchange of the whole.</summary>
public sealed record LineSettings
{
    /// <value>Time that every packet travels: half of the round trip where both directions are alike.</value>
    public TimeSpan Latency { get; init; }

    /// <value>Up to this much is added to a packet's latency, drawn uniformly. Packets never overtake each other.</value>
    public TimeSpan Jitter { get; init; }

    /// <value>Share of packets that is lost, 0 to 1.</value>
    public double Loss { get; init; }

    /// <value>Bits a second that the line carries, IP headers included; null: no limit.</value>
    public long? BitsPerSecond { get; init; }

    /// <value>Bytes that may wait for a line with a limit; what comes on top is lost, as at a router's port. Default 256 KiB.</value>
    public int QueueBytes { get; init; } = 256 * 1024;

    /// <value>Whether it carries anything at all.</value>
    public LineState State { get; init; }

    /// <exception cref="ArgumentOutOfRangeException">A value makes no sense; names it.</exception>
    public LineSettings Checked()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(Latency, TimeSpan.Zero, nameof(Latency));
        ArgumentOutOfRangeException.ThrowIfLessThan(Jitter, TimeSpan.Zero, nameof(Jitter));
        ArgumentOutOfRangeException.ThrowIfLessThan(Loss, 0, nameof(Loss));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Loss, 1, nameof(Loss));
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(BitsPerSecond ?? 1, nameof(BitsPerSecond));
        ArgumentOutOfRangeException.ThrowIfLessThan(QueueBytes, PacketRelay.Mtu, nameof(QueueBytes));
        return this;
    }
}
