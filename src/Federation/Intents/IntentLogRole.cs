namespace Meridian.Federation.Intents;

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
