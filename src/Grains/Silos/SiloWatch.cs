using System.Diagnostics.CodeAnalysis;

namespace Meridian.Grains.Silos;

/// <summary>Watches another silo and gives a token to the attempts at it.</summary>
[SuppressMessage("Design", "CA1001", Justification = "Attempts hold tokens of sources that are long replaced; without a timer there is nothing to dispose.")]
public sealed class SiloWatch
{
    private CancellationTokenSource _life = new();

    /// <value>
    /// Fires when the silo will not answer the attempts that are running now. Read it for every attempt: a lost connection creates a new token.
    /// </value>
    public CancellationToken Token => Volatile.Read(ref _life).Token;

    /// <value>True once the cluster has declared the silo dead. It stays true.</value>
    public bool IsDead { get; private set; }

    internal void ConnectionLost() => Interlocked.Exchange(ref _life, new CancellationTokenSource()).Cancel();

    internal void Dead()
    {
        IsDead = true;
        Volatile.Read(ref _life).Cancel();
    }
}
