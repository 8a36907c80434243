namespace Meridian.Inference.Engines;

/// <summary>
/// Decides whether the engine itself is at fault. After a failed run, a search looks for the piece of work that causes the failure. Two results of a search
/// point to the engine: no work passed, <see cref="Most"/> times with no good run in between; or no work failed alone, <see cref="Most"/> times with fewer than
/// <see cref="Calm"/> good runs in between.
/// </summary>
internal sealed class FaultStrikes
{
    public const int Most = 3;
    public const int Calm = 64;

    private int _nonePassed;
    private int _noneFailed;
    private int _good;

    /// <value>Whether the engine is at fault, not a single piece of work.</value>
    public bool Out => _nonePassed >= Most || _noneFailed >= Most;

    /// <summary>Records the result of a search.</summary>
    /// <param name="failed">Number of pieces of work that failed alone.</param>
    /// <param name="passed">Number of pieces of work that passed.</param>
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

    /// <summary>Records a good run that was not part of a search.</summary>
    public void Good()
    {
        _nonePassed = 0;
        if (_noneFailed > 0 && ++_good >= Calm)
            (_noneFailed, _good) = (0, 0);
    }
}
