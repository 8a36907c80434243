namespace Meridian.Simulation;

/// <summary>Figures of all strategies on one trace.</summary>
/// <param name="Scenario">Name.</param>
/// <param name="Requests">Of the trace.</param>
/// <param name="Strategies">One each.</param>
internal sealed record ScenarioResult(string Scenario, int Requests, StrategyResult[] Strategies);
