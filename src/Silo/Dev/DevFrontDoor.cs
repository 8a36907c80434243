namespace Meridian.Silo.Dev;

/// <param name="Pid">Process id, or null while it is down.</param>
/// <param name="Url">Where callers reach it.</param>
public sealed record DevFrontDoor(int? Pid, string Url);
