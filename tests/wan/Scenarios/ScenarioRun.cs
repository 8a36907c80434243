using Meridian.Wan.Lab;

namespace Meridian.Wan.Scenarios;

/// <summary>What a fault works on, and where it says what it found.</summary>
/// <param name="Installation">The regions and front doors.</param>
/// <param name="Cancelled">Fires when the fault is over.</param>
internal sealed record ScenarioRun(LabInstallation Installation, CancellationToken Cancelled)
{
    /// <value>What the fault itself has to say, for the report.</value>
    public List<string> Notes { get; } = [];

    public WanLab Lab => Installation.Lab;
}
