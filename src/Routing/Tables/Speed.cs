namespace Meridian.Routing.Tables;

/// <summary>How fast the replicas of a region generate text. It predicts the speed of the next sequence for a given number of sequences beside it.</summary>
/// <param name="TokenMs">Reported time between two tokens, ms.</param>
/// <param name="EachMs">Time that each further sequence on a replica adds to <c>TokenMs</c>, ms.</param>
/// <param name="Rows">Sequences per replica at the time of the report. For an idle replica it is 1, because an idle replica reports the time that a single
/// sequence would have.</param>
/// <param name="Items">Sequences that run or wait, plus the next one.</param>
/// <param name="Replicas">Ready replicas.</param>
/// <param name="Slots">Sequences that one replica can run. Further sequences wait and slow down no other sequence.</param>
/// <param name="LeastMs">Lower bound for the time between two tokens, ms.</param>
internal readonly record struct Speed(double TokenMs, double EachMs, double Rows, double Items, double Replicas, double Slots, double LeastMs)
{
    /// <summary>
    /// Predicted time between two tokens of the next sequence, ms, if <paramref name="more"/> more sequences are in the region than it reported.
    /// </summary>
    public double Beside(double more) => Math.Max(LeastMs, TokenMs + (EachMs * (Math.Clamp((Items + more) / Replicas, 1, Slots) - Rows)));

    /// <summary>
    /// Used part of the slots, if <paramref name="more"/> more sequences are in the region than it reported. Above 1 if some sequences wait.
    /// </summary>
    public double Utilization(double more) => Math.Max(0, Items - 1 + more) / (Replicas * Slots);
}
