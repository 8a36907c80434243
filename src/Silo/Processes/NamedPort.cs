namespace Meridian.Silo.Processes;

/// <param name="Use">What it is for, in words.</param>
/// <param name="Port">1 to 65535.</param>
public readonly record struct NamedPort(string Use, int Port);
