namespace Meridian.Intents;

/// <summary>
/// Intent as a replicated log: linearizable writes, local reads. There are two implementations: embedded Raft (one voter per region) and etcd. Neither contains
/// a consensus algorithm of our own. Both pass the same test suite.
/// <para>All methods may be called from any thread, at any time after <see cref="StartAsync"/>.</para>
/// </summary>
public interface IIntentLog : IAsyncDisposable
{
    /// <value>This region's copy. To read it costs nothing and works when the region is cut off. The copy may be behind, but is never wrong.</value>
    IntentReplica Current { get; }

    /// <value>The state of the log, as this region sees it.</value>
    IntentLogStatus Status { get; }

    /// <summary>Recovers the data on disk and begins to take part. Completes when the local state is readable; it does not wait for a leader.</summary>
    /// <exception cref="IntentLogException">The data on disk is damaged or belongs to another member. The message names the file and the remedy.</exception>
    Task StartAsync(CancellationToken cancellationToken);

    /// <summary>Completes with the current copy as soon as its applied index is above <paramref name="knownIndex"/>.</summary>
    Task<IntentReplica> WaitForChangeAsync(long knownIndex, CancellationToken cancellationToken);

    /// <summary>A linearizable read: returns a copy that has every change that was acknowledged to any caller before this call.</summary>
    /// <exception cref="IntentUnavailableException">There is no majority within reach.</exception>
    Task<IntentReplica> ReadAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Makes a change through the leader, wherever the leader is. On return, the outcome is on the disks of a majority and <see cref="Current"/> has it.
    /// Retries by itself, under the same operation, until <paramref name="cancellationToken"/> fires.
    /// </summary>
    /// <exception cref="IntentUnavailableException">
    /// There is no majority within reach. If <see cref="IntentUnavailableException.OutcomeUnknown"/> is true, the change may still be made: repeat it with the
    /// same operation.
    /// </exception>
    /// <exception cref="ArgumentException">The change is malformed; the message names the rule.</exception>
    Task<IntentOutcome> ChangeAsync(IntentChange change, CancellationToken cancellationToken);

    /// <summary>Adds a voter. Completes when the voter has caught up and takes part in decisions.</summary>
    /// <exception cref="IntentUnavailableException">There is no majority, or the newcomer cannot be reached.</exception>
    Task AddVoterAsync(IntentVoter voter, CancellationToken cancellationToken);

    /// <summary>Removes a voter until it is added again.</summary>
    /// <returns>Whether there was such a voter.</returns>
    /// <exception cref="IntentUnavailableException">There is no majority.</exception>
    Task<bool> RemoveVoterAsync(string name, CancellationToken cancellationToken);
}

/// <summary>The state of the log as one member sees it, for operators.</summary>
public sealed record IntentLogStatus
{
    public required IntentLogRole Role { get; init; }

    /// <value>Name of the leader, or null while no leader is within reach.</value>
    public string? Leader { get; init; }

    /// <value>Whether a change would be accepted now: a leader is known and has recently heard from a majority.</value>
    public required bool CanChange { get; init; }

    public required long AppliedIndex { get; init; }

    /// <value>Index up to which this member knows that the log is on the disks of a majority.</value>
    public long CommittedIndex { get; init; }

    /// <value>Consensus term; 0 if the implementation has none.</value>
    public long Term { get; init; }

    /// <value>The voters.</value>
    public required IntentVoter[] Voters { get; init; }

    /// <value>The problem that keeps the log from working, with the remedy, as text; or null.</value>
    public string? Problem { get; init; }
}

/// <summary>A member's role in the log.</summary>
public enum IntentLogRole
{
    /// <summary>Waits to be let in, or for the first quorum to form.</summary>
    Joining = 0,

    Follower = 1,

    Leader = 2,

    /// <summary>Reads from an external log (etcd).</summary>
    Client = 3,

    /// <summary>There is no log: the records are those of the process's settings.</summary>
    None = 4,
}

/// <summary>Checks a change before it is proposed. <see cref="State.IntentRules"/> hold for any log; this rule adds the rules of the application.</summary>
/// <param name="change">Well-formed.</param>
/// <param name="replica">The current state of the log.</param>
/// <returns>The mistake, or null.</returns>
public delegate string? ChangeRule(IntentChange change, IntentReplica replica);
