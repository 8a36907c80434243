namespace Meridian.Silo.Processes;

/// <summary>A TCP port with its purpose.</summary>
/// <param name="Use">The purpose, in words.</param>
/// <param name="Port">1 to 65535.</param>
public readonly record struct NamedPort(string Use, int Port);
