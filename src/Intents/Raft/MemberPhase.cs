namespace Meridian.Intents.Raft;

/// <summary>The phases of a member's life. A member writes a phase to disk before it acts on it. The numbers never change.</summary>
internal enum MemberPhase
{
    /// <summary>Nothing on disk.</summary>
    Empty = 0,

    /// <summary>Has agreed to found a log with the other voters. Has no log yet and does not vote.</summary>
    Founding = 1,

    /// <summary>Asks to be let into an existing log. The member's data may be incomplete, so it is deleted if the member stops before it is in.</summary>
    Joining = 2,

    /// <summary>Has a log. Votes if the log's membership names it.</summary>
    Voter = 3,
}
