using Meridian.Federation.Liveness;

namespace Meridian.Federation.Tests.Liveness;

/// <summary>Counts the time that this process was stopped or its thread pool did not serve, by the clock that an observer counts it with.</summary>
internal sealed class HearingTime : IDisposable
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(20);

    private readonly ObserverClock _clock = new(TimeProvider.System, Tick);
    private readonly ManualResetEventSlim _stop = new();
    private readonly Thread _thread;
    private long _lostTicks;
    private volatile bool _poolServed = true;

    public HearingTime()
    {
        _thread = new Thread(Run) { IsBackground = true, Priority = ThreadPriority.AboveNormal };
        _thread.Start();
    }

    /// <value>Lost since the beginning.</value>
    public TimeSpan Lost => TimeSpan.FromTicks(Interlocked.Read(ref _lostTicks));

    public void Dispose()
    {
        _stop.Set();
        _thread.Join();
        _stop.Dispose();
    }

    private void Run()
    {
        while (!_stop.Wait(Tick))
        {
            _clock.Woke(TimeProvider.System.GetTimestamp());
            if (_poolServed)
            {
                _poolServed = false;
                ThreadPool.UnsafeQueueUserWorkItem(static hearing => hearing._poolServed = true, this, preferLocal: false);
            }
            else
            {
                _clock.PoolStarved();
            }

            Interlocked.Exchange(ref _lostTicks, TimeSpan.FromMilliseconds(_clock.StoppedMs + _clock.StarvedMs).Ticks);
        }
    }
}
