namespace Meridian.Intents.Tests.Linearizability;

/// <summary>
/// One record with compare-and-set on its epoch, as <c>IIntentLog</c> promises it. Revisions rise with every change. A change whose answer was lost gives the record an epoch that nobody
/// has been told; the first who sees it says which it is. Such a change that is overwritten before anybody sees it might as well not have been made, so nothing but what sees
/// it is allowed after it: without that rule, each one without an answer doubles the search.
/// </summary>
public sealed class RecordSpecification : ISequentialSpecification<RecordState, RecordOperation>
{
    public RecordState Initial => default;

    public bool TryApply(RecordState state, RecordOperation operation, out RecordState next)
    {
        next = state;
        switch (operation.Kind)
        {
            case RecordOperationKind.Read:
                return Sees(ref next, operation.Epoch) && (next.Epoch == 0 ? operation.Value is null : operation.Value == next.Value);

            case RecordOperationKind.NotMade:
                return operation.Condition != operation.Epoch && Sees(ref next, operation.Epoch);
        }

        if (operation.Condition is { } condition ? !Sees(ref next, condition) : state.IsUnseen)
            return false;
        if (operation.Kind == RecordOperationKind.Unknown)
        {
            // One whose condition does not hold does nothing: that is to leave it out.
            next = Written(operation.Value, RecordState.Unseen, next.Revision) with { IsUnseen = true };
            return true;
        }

        if (operation.Epoch <= next.Revision)
            return false;
        next = Written(operation.Value, operation.Epoch, operation.Epoch);
        return true;
    }

    // Deleted records are equal whatever they held, so that the search knows them again.
    private static RecordState Written(int? value, long epoch, long revision) => value is { } written ? new RecordState(epoch, written, revision, false) : new RecordState(0, 0, revision, false);

    private static bool Sees(ref RecordState state, long epoch)
    {
        if (state.Epoch == RecordState.Unseen ? epoch <= state.Revision : epoch != state.Epoch)
            return false;
        state = state with { Epoch = epoch, Revision = Math.Max(epoch, state.Revision), IsUnseen = false };
        return true;
    }
}
