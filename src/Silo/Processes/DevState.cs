namespace Meridian.Silo.Processes;

/// <summary>What <c>dev.json</c> says: which processes there are now. A pid is null while its process is down.</summary>
/// <param name="Supervisor">Process id of the supervisor. While no such process runs, the file is stale.</param>
/// <param name="FrontDoor">The front door.</param>
/// <param name="Regions">The regions, in configured order.</param>
public sealed record DevState(int Supervisor, DevFrontDoor FrontDoor, IReadOnlyList<DevRegion> Regions);

/// <param name="Pid">Process id, or null while it is down.</param>
/// <param name="Url">Where callers reach it.</param>
public sealed record DevFrontDoor(int? Pid, string Url);

/// <param name="Name">Name of the region.</param>
/// <param name="Pid">Process id, or null while it is down.</param>
/// <param name="Url">Where callers reach its facade.</param>
public sealed record DevRegion(string Name, int? Pid, string Url);
