namespace Meridian.Wan.Scenarios;

/// <summary>A fault that begins and ends while callers call.</summary>
/// <param name="Name">For the command line.</param>
/// <param name="What">In words.</param>
/// <param name="Victim">Region that the observers are asked about.</param>
/// <param name="Begin">Makes the fault.</param>
/// <param name="End">Ends it.</param>
/// <param name="SmallDisk">Whether the victim's store is on a disk that can be filled.</param>
internal sealed record Scenario(
    string Name,
    string What,
    string Victim,
    Func<ScenarioRun, Task> Begin,
    Func<ScenarioRun, Task> End,
    bool SmallDisk = false);
