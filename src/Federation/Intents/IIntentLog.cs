namespace Meridian.Federation.Intents;

/// <summary>
/// Intent as a replicated log: linearizable writes, local reads. One of two implementations stands behind it, neither a consensus of our own: embedded Raft (one voter a
/// region) and etcd. Both pass one suite of tests.
/// <para>All methods may be called from any thread, at any time after <see cref="StartAsync"/>.</para>
/// </summary>
public interface IIntentLog : IAsyncDisposable
{
    /// <value>This region's copy. Reading it costs nothing and works when the region is cut off; it may be behind, never wrong.</value>
    IntentReplica Current { get; }

    /// <value>How the log stands in this region's eyes.</value>
    IntentLogStatus Status { get; }

    /// <summary>Recovers what is on disk and begins to take part. Completes when the local state is readable, not when there is a leader.</summary>
    /// <exception cref="IntentLogException">What is on disk is damaged or belongs to another member; the message names the file and the remedy.</exception>
    Task StartAsync(CancellationToken cancellationToken);

    /// <summary>Completes with the current copy as soon as its applied index is above <paramref name="knownIndex"/>.</summary>
    Task<IntentReplica> WaitForChangeAsync(long knownIndex, CancellationToken cancellationToken);

    /// <summary>A copy at least as new as every change that was acknowledged to anybody before this call: a linearizable read.</summary>
    /// <exception cref="IntentUnavailableException">There is no majority within reach.</exception>
    Task<IntentReplica> ReadAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Makes a change, through the leader wherever it is. When it returns, the outcome is on the disks of a majority and <see cref="Current"/> has it.
    /// Retries by itself, under the same operation, while <paramref name="cancellationToken"/> allows.
    /// </summary>
    /// <exception cref="IntentUnavailableException">
    /// There is no majority within reach. <see cref="IntentUnavailableException.OutcomeUnknown"/> tells whether the change may still come to be made: repeat it with the same operation.
    /// </exception>
    /// <exception cref="ArgumentException">The change is malformed; the message names the rule.</exception>
    Task<IntentOutcome> ChangeAsync(IntentChange change, CancellationToken cancellationToken);

    /// <summary>Adds a voter. It takes part in decisions once it has caught up; completes then.</summary>
    /// <exception cref="IntentUnavailableException">There is no majority, or the newcomer cannot be reached.</exception>
    Task AddVoterAsync(IntentVoter voter, CancellationToken cancellationToken);

    /// <summary>Removes a voter until it is added again.</summary>
    /// <returns>Whether there was such a voter.</returns>
    /// <exception cref="IntentUnavailableException">There is no majority.</exception>
    Task<bool> RemoveVoterAsync(string name, CancellationToken cancellationToken);
}
