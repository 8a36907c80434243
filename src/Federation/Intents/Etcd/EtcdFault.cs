namespace Meridian.Federation.Intents.Etcd;

/// <summary>What a failed call means for the change that it carried.</summary>
internal enum EtcdFault
{
    /// <summary>It may have been made, or may still be.</summary>
    Unknown = 0,

    /// <summary>It did not reach etcd's log; another member, or a later attempt, may take it.</summary>
    NotTaken,

    /// <summary>The lease is over: a new one is wanted.</summary>
    LeaseGone,

    /// <summary>etcd refuses it and always will, until an operator acts.</summary>
    Refused,
}
