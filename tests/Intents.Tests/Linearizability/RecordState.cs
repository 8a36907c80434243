namespace Meridian.Intents.Tests.Linearizability;

/// <summary>One record of the log.</summary>
/// <param name="Epoch">0: it does not exist. <see cref="Unseen"/>: nobody has been told.</param>
/// <param name="Value">Meaningless where the record does not exist.</param>
/// <param name="Revision">Highest that is known to have been given out to a change of this record.</param>
/// <param name="IsUnseen">Written, or deleted, by a change whose answer was lost, and not yet seen by anybody.</param>
public readonly record struct RecordState(long Epoch, int Value, long Revision, bool IsUnseen)
{
    public const long Unseen = -1;
}
