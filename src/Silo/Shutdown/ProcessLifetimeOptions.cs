namespace Meridian.Silo.Shutdown;

/// <param name="ExitWithInput">Stop when standard input ends; leave SIGINT to the parent.</param>
/// <param name="ShutdownTimeout">How long a stop may take.</param>
/// <param name="Data">Directory of everything that is kept.</param>
internal sealed record ProcessLifetimeOptions(bool ExitWithInput, TimeSpan ShutdownTimeout, string Data);
