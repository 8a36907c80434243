using System.Diagnostics.CodeAnalysis;

namespace Meridian.Grains.Silos;

/// <summary>The life of another silo, as a token for the attempts at it.</summary>
[SuppressMessage("Design", "CA1001", Justification = "Attempts hold tokens of sources that are long replaced; without a timer there is nothing to dispose.")]
public sealed class SiloWatch
{
    private CancellationTokenSource _life = new();

    /// <value>Fires when what is under way at the silo now will not be answered. Ask for it at every attempt: after a lost connection there is a new one.</value>
    public CancellationToken Token => Volatile.Read(ref _life).Token;

    /// <value>True once the cluster has declared the silo dead; for good.</value>
    public bool IsDead { get; private set; }

    internal void ConnectionLost() => Interlocked.Exchange(ref _life, new CancellationTokenSource()).Cancel();

    internal void Dead()
    {
        IsDead = true;
        Volatile.Read(ref _life).Cancel();
    }
}
