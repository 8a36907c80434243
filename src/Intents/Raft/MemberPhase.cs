namespace Meridian.Intents.Raft;

/// <summary>How far a member has come. Written to disk before it acts on it; numbers are kept for ever.</summary>
internal enum MemberPhase
{
    /// <summary>Nothing on disk.</summary>
    Empty = 0,

    /// <summary>Has promised itself to the founding of a quorum; has no log yet and votes for nobody.</summary>
    Founding = 1,

    /// <summary>Asks a quorum that has a log to let it in; what it holds may be incomplete, so that it is thrown away if the member stops before it is in.</summary>
    Joining = 2,

    /// <summary>Has a log, and votes where the log's membership names it.</summary>
    Voter = 3,
}
