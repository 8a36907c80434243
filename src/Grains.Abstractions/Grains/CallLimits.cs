namespace Meridian.Grains;

/// <summary>Response timeouts of grain calls that differ from Orleans' default of 30 s.</summary>
internal static class CallLimits
{
    /// <summary>
    /// Of calls that carry a request. The request's own deadline, its caller and the loss of a silo end them; this is only the net below, so it is longer than any deadline: the .NET client takes
    /// up to a day.
    /// </summary>
    public const string Request = "1.00:00:30";
}
