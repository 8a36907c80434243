namespace Meridian.Federation.Liveness;

/// <summary>What other processes say of themselves. A hint, not evidence: it only makes an observer look at once.</summary>
public interface IPeerHints
{
    /// <summary>A process of this region and incarnation has spoken to us.</summary>
    void HeardFrom(string region, long incarnation);
}
