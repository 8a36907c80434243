namespace Meridian.Routing.Tests.Simulation;

/// <summary>
/// A region of a simulated world: replicas that serve one item after another, first come first served. So an item's end is known as it arrives, and the region's state is the times at which
/// its replicas will be free.
/// </summary>
internal sealed class SimulatedRegion(string name, int replicas)
{
    private const double Smoothing = 0.1;
    private readonly double[] _freeAtMs = new double[replicas];
    private readonly List<(double AtMs, double ServiceMs)> _transit = [];
    private readonly Queue<double> _starts = new();

    public string Name => name;

    public int Replicas => replicas;

    /// <value>As an engine reports it: smoothed.</value>
    public double ServiceMs { get; private set; }

    /// <value>Busy replicas and waiting items at a time that must not go back.</value>
    public (int Busy, int Waiting) At(double nowMs)
    {
        while (_starts.TryPeek(out var start) && start <= nowMs)
            _starts.Dequeue();
        return (_freeAtMs.Count(t => t > nowMs), _starts.Count);
    }

    /// <summary>An item sets out to the region.</summary>
    public void Send(double arrivalMs, double serviceMs) => _transit.Add((arrivalMs, serviceMs));

    /// <summary>An item that was sent arrives. Returns when it will be done.</summary>
    public double Arrive(double nowMs, double serviceMs)
    {
        _transit.Remove((nowMs, serviceMs));
        var end = Serve(_freeAtMs, nowMs, serviceMs);
        if (end - serviceMs > nowMs)
            _starts.Enqueue(end - serviceMs);
        ServiceMs = ServiceMs == 0 ? serviceMs : ServiceMs + (Smoothing * (serviceMs - ServiceMs));
        return end;
    }

    /// <summary>When an item that arrives then would be done, given all that is there or on its way and comes before it: what nobody in a real installation can know.</summary>
    public double DoneMs(double arrivalMs, double serviceMs)
    {
        var free = (double[])_freeAtMs.Clone();
        foreach (var (at, service) in _transit.Where(t => t.AtMs <= arrivalMs).OrderBy(t => t.AtMs))
            Serve(free, at, service);
        return Serve(free, arrivalMs, serviceMs);
    }

    private static double Serve(double[] freeAtMs, double fromMs, double serviceMs)
    {
        var first = 0;
        for (var i = 1; i < freeAtMs.Length; i++)
        {
            if (freeAtMs[i] < freeAtMs[first])
                first = i;
        }

        return freeAtMs[first] = Math.Max(freeAtMs[first], fromMs) + serviceMs;
    }
}
