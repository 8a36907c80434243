namespace Meridian.Simulation;

/// <summary>What a strategy needs.</summary>
/// <param name="Strategy">Name.</param>
/// <param name="Replicas">A model and region; null where even the most did not do.</param>
/// <param name="FirstP90">With them, ms.</param>
/// <param name="CostPerMillion">Of a million tokens, in hours of a replica in the cheapest region.</param>
internal sealed record ProvisionResult(string Strategy, int? Replicas, double FirstP90, double CostPerMillion);
