namespace Meridian.Client.Regions;

/// <summary>
/// Back-off between attempts to reach a region. The pause doubles from 100 ms up to <c>cap</c>. Each pause is drawn at random from the upper half of its
/// range, so that the clients of one lost region spread out.
/// </summary>
internal sealed class ReconnectBackoff(TimeSpan cap, Random random)
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(100);

    private int _failures;

    public TimeSpan Next()
    {
        var full = Math.Min(First.TotalMilliseconds * Math.Pow(2, Math.Min(_failures, 30)), cap.TotalMilliseconds);
        _failures++;
        return TimeSpan.FromMilliseconds(full * (0.5 + (random.NextDouble() * 0.5)));
    }

    public void Reset() => _failures = 0;
}
