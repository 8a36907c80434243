namespace Meridian.Wan.Lab;

/// <summary>The two directions between two sites.</summary>
/// <param name="Forward">From the first to the second.</param>
/// <param name="Backward">From the second to the first.</param>
public sealed record WanLink(Line Forward, Line Backward)
{
    /// <summary>Changes both directions.</summary>
    public void Set(Func<LineSettings, LineSettings> change)
    {
        ArgumentNullException.ThrowIfNull(change);
        Forward.Settings = change(Forward.Settings);
        Backward.Settings = change(Backward.Settings);
    }

    /// <summary>Half of the round trip each way.</summary>
    public void SetRoundTrip(TimeSpan roundTrip) => Set(settings => settings with { Latency = roundTrip / 2 });

    /// <summary>Nothing passes in either direction, silently.</summary>
    public void Cut() => Set(settings => settings with { State = LineState.Cut });

    /// <summary>Nothing passes until it heals; then all that was sent arrives.</summary>
    public void Stall() => Set(settings => settings with { State = LineState.Stalled });

    /// <summary>Both directions carry again.</summary>
    public void Heal() => Set(settings => settings with { State = LineState.Open });
}
