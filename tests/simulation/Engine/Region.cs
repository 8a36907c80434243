using Meridian.Messages;
using Meridian.Simulation.Model;

namespace Meridian.Simulation.Engine;

/// <summary>A region: its pools, and what it has said of itself in its last beats.</summary>
internal sealed class Region(Site site, int index, Pool?[] pools)
{
    private const int Kept = 64;

    private readonly (double At, RegionStatus Status)[] _said = new (double, RegionStatus)[Kept];
    private int _beats;

    public Site Site => site;

    public int Index => index;

    /// <value>By model; null where it is not deployed.</value>
    public Pool?[] Pools => pools;

    public bool Up { get; private set; } = true;

    /// <value>Lost, and its kernel still takes connections: nobody is told.</value>
    public bool Frozen { get; private set; }

    /// <value>When it was lost last, ms.</value>
    public double LostAtMs { get; private set; } = double.NaN;

    /// <value>Rises with every loss: what belongs to an earlier life never comes.</value>
    public int Life { get; private set; } = 1;

    public IEnumerable<Pool> Deployed => pools.OfType<Pool>();

    public void Beat(double nowMs)
    {
        var status = new RegionStatus { Region = site.Name, Incarnation = Life, Models = [.. Deployed.Where(pool => pool.Replicas > 0).Select(pool => pool.Status())] };
        _said[_beats++ % Kept] = (nowMs, status);
    }

    /// <summary>The last thing that it had said by then, or null.</summary>
    public (double At, RegionStatus Status)? Said(double byMs)
    {
        for (var beat = _beats - 1; beat >= 0 && beat > _beats - Kept; beat--)
        {
            if (_said[beat % Kept].At <= byMs)
                return _said[beat % Kept];
        }

        return null;
    }

    public void Lose(double nowMs, bool frozen)
    {
        Up = false;
        Frozen = frozen;
        LostAtMs = nowMs;
        Life++;
        foreach (var pool in Deployed)
            pool.Lose();
    }

    public void Return()
    {
        Up = true;
        Frozen = false;
        Life++;
    }
}
