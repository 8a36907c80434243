namespace Meridian.Wan.Scenarios;

/// <summary>A fault that begins and ends while callers call.</summary>
/// <param name="Name">For the command line.</param>
/// <param name="What">In words.</param>
/// <param name="Victim">Region that the observers are asked about.</param>
/// <param name="Begin">Makes the fault.</param>
/// <param name="End">Ends it.</param>
/// <param name="SmallDisk">Folder of the victim's data that is on a disk that can be filled, or null.</param>
/// <param name="Clock">Whether the victim's clock can be set.</param>
internal sealed record Scenario(
    string Name,
    string What,
    string Victim,
    Func<ScenarioRun, Task> Begin,
    Func<ScenarioRun, Task> End,
    string? SmallDisk = null,
    bool Clock = false);
