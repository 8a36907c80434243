using Meridian.Messages;

namespace Meridian.Routing.Attempts;

/// <summary>Whether an attempt failed because of one replica (or one gateway) of a region that is itself well.</summary>
public enum ReplicaOutcome
{
    /// <summary>The refusal speaks for the region or for the request, not for a replica.</summary>
    None = 0,

    /// <summary><c>replica_lost</c>: the replica or the gateway could not be reached, or the replica is not ready.</summary>
    Lost = 1,

    /// <summary><c>replica_full</c>: the queue of the replica is full.</summary>
    Full = 2,
}

/// <summary>Reads the outcome of a replica from a refusal.</summary>
public static class ReplicaFault
{
    public static ReplicaOutcome Of(Refusal? refusal) => refusal switch
    {
        null or { Replica: null, Again: false } => ReplicaOutcome.None,
        { Code: RefusalCode.NoCapacity } => ReplicaOutcome.Full,
        { Code: RefusalCode.NotReady or RefusalCode.RegionLost } => ReplicaOutcome.Lost,
        _ => ReplicaOutcome.None,
    };
}
