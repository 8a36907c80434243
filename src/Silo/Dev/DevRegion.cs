namespace Meridian.Silo.Dev;

/// <param name="Name">Name of the region.</param>
/// <param name="Pid">Process id, or null while it is down.</param>
/// <param name="Url">Where callers reach its facade.</param>
public sealed record DevRegion(string Name, int? Pid, string Url);
