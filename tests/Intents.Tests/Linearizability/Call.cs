namespace Meridian.Intents.Tests.Linearizability;

/// <summary>One operation of a history, with its answer, as its caller saw it. Times are of one clock; equal times count as concurrent.</summary>
/// <param name="Operation">What was asked, and answered.</param>
/// <param name="Called">When the caller sent it.</param>
/// <param name="Returned">When the caller had the answer; <see cref="Never"/> if it has none: then it may take effect at any time after the call, or never.</param>
public sealed record Call<TOperation>(TOperation Operation, long Called, long Returned)
{
    /// <summary>No answer came.</summary>
    public const long Never = long.MaxValue;
}
