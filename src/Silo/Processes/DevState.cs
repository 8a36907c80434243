namespace Meridian.Silo.Processes;

/// <summary>The content of <c>dev.json</c>: the processes of the installation. A pid is null while its process is down.</summary>
/// <param name="Supervisor">Process id of the supervisor. If no process with this id runs, the file is stale.</param>
/// <param name="FrontDoor">The front door.</param>
/// <param name="Regions">The regions, in configured order.</param>
public sealed record DevState(int Supervisor, DevFrontDoor FrontDoor, IReadOnlyList<DevRegion> Regions);

/// <summary>The front door in <c>dev.json</c>.</summary>
/// <param name="Pid">Process id, or null while the process is down.</param>
/// <param name="Url">The address for callers.</param>
public sealed record DevFrontDoor(int? Pid, string Url);

/// <summary>A region in <c>dev.json</c>.</summary>
/// <param name="Name">Name of the region.</param>
/// <param name="Pid">Process id, or null while the process is down.</param>
/// <param name="Url">The address of its facade, for callers.</param>
public sealed record DevRegion(string Name, int? Pid, string Url);
