using Meridian.Federation.Availability;
using Meridian.Federation.Configuration;
using Microsoft.Extensions.Options;

namespace Meridian.Federation.Hosting;

/// <summary>Reports every mistake of <see cref="AvailabilityOptions"/> at once, each with option, value and rule.</summary>
public sealed class AvailabilityOptionsValidator : IValidateOptions<FederationOptions>
{
    // The limits that Polly sets for the times of a circuit breaker.
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Longest = TimeSpan.FromDays(1);

    public ValidateOptionsResult Validate(string? name, FederationOptions options)
    {
        var mistakes = new List<string>();
        var availability = options.Availability;
        if (availability.FailureRatio is not (> 0 and <= 1))
            mistakes.Add($"FailureRatio is {availability.FailureRatio}; it must be above 0 and at most 1.");
        if (availability.MinimumThroughput < 2)
            mistakes.Add($"MinimumThroughput is {availability.MinimumThroughput}; it must be at least 2.");
        Within("SamplingWindow", availability.SamplingWindow, mistakes);
        Within("Break", availability.Break, mistakes);
        Within("MaxBreak", availability.MaxBreak, mistakes);
        if (availability.MaxBreak < availability.Break)
            mistakes.Add($"MaxBreak is {availability.MaxBreak}; it must be at least Break ({availability.Break}).");
        if (availability.Probes is < 1 or > 1000)
            mistakes.Add($"Probes is {availability.Probes}; it must be 1 to 1000.");
        if (availability.SlowStart < TimeSpan.Zero || availability.SlowStart > TimeSpan.FromHours(1))
            mistakes.Add($"SlowStart is {availability.SlowStart}; it must be zero to one hour.");
        if (availability.SlowStartFloor is not (> 0 and <= 1))
            mistakes.Add($"SlowStartFloor is {availability.SlowStartFloor}; it must be above 0 and at most 1.");
        if (availability.SlowStartAggression is not (>= 0.01 and <= 100))
            mistakes.Add($"SlowStartAggression is {availability.SlowStartAggression}; it must be 0.01 to 100.");
        return mistakes.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(mistakes.ConvertAll(m => $"Federation: Availability.{m}"));
    }

    private static void Within(string option, TimeSpan value, List<string> mistakes)
    {
        if (value < Shortest || value > Longest)
            mistakes.Add($"{option} is {value}; it must be {Shortest} to {Longest}.");
    }
}
