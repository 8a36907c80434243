namespace Meridian.Simulation.Engine;

/// <summary>What is to happen, in the order of time; what is due at the same time in the order in which it was planned.</summary>
internal sealed class Agenda(SimulatedTime time)
{
    private readonly PriorityQueue<Action, (double At, long Order)> _events = new();
    private long _planned;

    public double NowMs => time.NowMs;

    public void At(double ms, Action what) => _events.Enqueue(what, (Math.Max(ms, time.NowMs), _planned++));

    public void After(double ms, Action what) => At(time.NowMs + ms, what);

    /// <summary>Runs until nothing is left, or until the time.</summary>
    public void Run(double untilMs)
    {
        while (_events.TryPeek(out _, out var due) && due.At <= untilMs)
        {
            var what = _events.Dequeue();
            time.NowMs = due.At;
            what();
        }
    }
}
