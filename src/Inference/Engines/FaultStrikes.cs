namespace Meridian.Inference.Engines;

/// <summary>
/// Counts the searches for the cause of failing runs that say more about the engine than about the work: none of it went well, <see cref="Most"/> times with no good run in between; or none of it
/// failed alone, <see cref="Most"/> times with fewer than <see cref="Calm"/> good runs in between.
/// </summary>
internal sealed class FaultStrikes
{
    public const int Most = 3;
    public const int Calm = 64;

    private int _nonePassed;
    private int _noneFailed;
    private int _good;

    /// <value>Whether the engine is at fault, and no single piece of work.</value>
    public bool Out => _nonePassed >= Most || _noneFailed >= Most;

    /// <summary>A search is over.</summary>
    /// <param name="failed">How many failed alone.</param>
    /// <param name="passed">How many went well.</param>
    public void Searched(int failed, int passed)
    {
        _good = 0;
        if (passed > 0)
            _nonePassed = 0;
        else if (failed > 0)
            _nonePassed++;
        if (failed == 0 && passed > 0)
            _noneFailed++;
    }

    /// <summary>A run that had no part in a search went well.</summary>
    public void Good()
    {
        _nonePassed = 0;
        if (_noneFailed > 0 && ++_good >= Calm)
            (_noneFailed, _good) = (0, 0);
    }
}
