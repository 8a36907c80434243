namespace Meridian.Silo.Dev;

/// <summary>What <c>dev.json</c> says: which processes there are now. A pid is null while its process is down.</summary>
/// <param name="FrontDoor">The front door.</param>
/// <param name="Regions">The regions, in configured order.</param>
public sealed record DevState(DevFrontDoor FrontDoor, IReadOnlyList<DevRegion> Regions);
