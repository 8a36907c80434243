namespace Meridian.Routing.Tables;

/// <summary>How fast a region's replicas generate text, so that more or fewer sequences beside the next one can be reckoned with.</summary>
/// <param name="TokenMs">Time between two tokens as reported, ms.</param>
/// <param name="EachMs">What each further sequence of a replica adds to it, ms.</param>
/// <param name="Rows">Sequences a replica that the report was made with; an idle replica reports what one sequence would find.</param>
/// <param name="Items">Sequences that run, wait, and the next one.</param>
/// <param name="Replicas">Ready ones.</param>
/// <param name="Slots">Sequences a replica can run; what is beyond waits and slows nobody.</param>
/// <param name="LeastMs">Below this nobody is taken to be, ms.</param>
internal readonly record struct Speed(double TokenMs, double EachMs, double Rows, double Items, double Replicas, double Slots, double LeastMs)
{
    /// <summary>Time between two tokens of the next sequence, with so many more beside it than were reported, ms.</summary>
    public double Beside(double more) => Math.Max(LeastMs, TokenMs + (EachMs * (Math.Clamp((Items + more) / Replicas, 1, Slots) - Rows)));

    /// <summary>Part of the slots that is taken, with so many more sequences than were reported; above 1 where some wait.</summary>
    public double Utilization(double more) => Math.Max(0, Items - 1 + more) / (Replicas * Slots);
}
