namespace Meridian.Intents.Tests.Linearizability;

public enum RecordOperationKind
{
    Read,

    /// <summary>A change that was made.</summary>
    Made,

    /// <summary>A change whose condition did not hold.</summary>
    NotMade,

    /// <summary>A change without an answer.</summary>
    Unknown,
}
