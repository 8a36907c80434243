namespace Meridian.Silo.Shutdown;

/// <summary>Options of <see cref="ProcessLifetime"/>.</summary>
/// <param name="ExitWithInput">Stop when standard input ends; leave SIGINT to the parent.</param>
/// <param name="ShutdownTimeout">The time limit of a shutdown.</param>
/// <param name="Data">The data directory.</param>
internal sealed record ProcessLifetimeOptions(bool ExitWithInput, TimeSpan ShutdownTimeout, string Data);
