namespace Meridian.Intents;

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

/// <summary>How the log stands in one member's eyes, for operators.</summary>
public sealed record IntentLogStatus
{
    public required IntentLogRole Role { get; init; }

    /// <value>Name of the leader, or null while there is none within reach.</value>
    public string? Leader { get; init; }

    /// <value>Whether a change would be taken now: a leader is known and has heard a majority lately.</value>
    public required bool CanChange { get; init; }

    public required long AppliedIndex { get; init; }

    /// <value>Index up to which this member knows the log to be on the disks of a majority.</value>
    public long CommittedIndex { get; init; }

    /// <value>Consensus term; 0 where the implementation has none.</value>
    public long Term { get; init; }

    /// <value>The quorum.</value>
    public required IntentVoter[] Voters { get; init; }

    /// <value>What keeps the log from working, in words with the remedy, or null.</value>
    public string? Problem { get; init; }
}

/// <summary>What a member is to the log.</summary>
public enum IntentLogRole
{
    /// <summary>Waits to be let in, or for the first quorum to form.</summary>
    Joining = 0,

    Follower = 1,

    Leader = 2,

    /// <summary>Reads from an external log (etcd).</summary>
    Client = 3,
}

/// <summary>Judges a change before it is proposed, beside <see cref="State.IntentRules"/>, which say what any log can take.</summary>
/// <param name="change">Well-formed.</param>
/// <param name="replica">What is in the log.</param>
/// <returns>What is wrong, or null.</returns>
public delegate string? ChangeRule(IntentChange change, IntentReplica replica);
