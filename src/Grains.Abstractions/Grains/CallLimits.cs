namespace Meridian.Grains;

/// <summary>Response timeouts of grain calls that differ from Orleans' default of 30 s.</summary>
internal static class CallLimits
{
    /// <summary>
    /// Timeout of calls that carry a request. Normally the request's deadline, its caller or the loss of a silo ends such a call. This timeout is the last resort, so it
    /// must be longer than any deadline: the .NET client accepts deadlines of up to a day.
    /// </summary>
    public const string Request = "1.00:00:30";
}
