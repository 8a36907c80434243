using Meridian.Timing;

namespace Meridian.Client.Regions;

/// <summary>
/// The pauses between attempts to reach a region: from 100 ms up to <c>cap</c>. Each pause is drawn at random from the upper half of its range, so that the
/// clients of one lost region spread out.
/// </summary>
internal sealed class ReconnectBackoff(TimeSpan cap, Random random)
{
    private readonly Backoff _pauses = new(TimeSpan.FromMilliseconds(100), cap);
    private int _failures;

    public TimeSpan Next() => _pauses.After(++_failures, random.NextDouble());

    public void Reset() => _failures = 0;
}
