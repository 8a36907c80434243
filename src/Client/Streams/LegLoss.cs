using Meridian.Messages;
using Meridian.Routing.Attempts;

namespace Meridian.Client.Streams;

/// <summary>The loss that a stream moves away from.</summary>
/// <param name="Region">Region that served the leg.</param>
/// <param name="Refusal">Reason of the loss.</param>
internal readonly record struct LegLoss(string Region, Refusal Refusal)
{
    /// <summary>Enters the loss into the budget of the next leg. A lost region is tried last. A region whose replica was lost or unloaded may serve again.</summary>
    public void Enter(AttemptBudget budget)
    {
        if (ReplicaFault.Of(Refusal) != ReplicaOutcome.None)
            budget.Lose(Region, Refusal);
        else if (Refusal.Code is RefusalCode.RegionLost or RefusalCode.Cancelled)
            budget.Leave(Region);
    }
}
