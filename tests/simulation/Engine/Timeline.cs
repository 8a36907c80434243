namespace Meridian.Simulation.Engine;

/// <summary>What became of the requests of one edge, and how full the regions were, second by second.</summary>
/// <param name="edge">Whose requests are counted, by where they were sent.</param>
/// <param name="regions">Number of regions.</param>
/// <param name="seconds">Length.</param>
internal sealed class Timeline(int edge, int regions, int seconds)
{
    /// <value>Requests of the edge by second and region.</value>
    public int[,] Sent { get; } = new int[seconds, regions];

    /// <value>Part of the slots in use by second and region.</value>
    public double[,] Busy { get; } = new double[seconds, regions];

    /// <value>Requests that wait by second and region.</value>
    public int[,] Waiting { get; } = new int[seconds, regions];

    public int Seconds => seconds;

    public void Send(double nowMs, int from, int to)
    {
        if (from == edge && nowMs < seconds * 1000.0)
            Sent[(int)(nowMs / 1000), to]++;
    }

    public void Sample(double nowMs, Region[] all)
    {
        var second = (int)(nowMs / 1000);
        if (second >= seconds)
            return;
        foreach (var region in all)
        {
            Busy[second, region.Index] = region.Deployed.Sum(pool => pool.Running) / Math.Max(1.0, region.Deployed.Sum(pool => pool.Slots));
            Waiting[second, region.Index] = region.Deployed.Sum(pool => pool.Waiting);
        }
    }

    /// <summary>Share of the edge's requests that went to the region, by as many seconds as a bucket has; NaN where there were none.</summary>
    public double[] Shares(int region, int bucket)
    {
        var shares = new double[seconds / bucket];
        for (var i = 0; i < shares.Length; i++)
        {
            double there = 0, all = 0;
            for (var second = i * bucket; second < (i + 1) * bucket; second++)
            {
                there += Sent[second, region];
                for (var other = 0; other < regions; other++)
                    all += Sent[second, other];
            }

            shares[i] = there / all;
        }

        return shares;
    }
}
