namespace Meridian.Silo.Dev;

/// <summary>The supervisor's own arguments that it passes on to every child.</summary>
/// <param name="Shared">Command-line arguments, as a user would type them after <c>region --name X</c>.</param>
public sealed record SupervisorArguments(IReadOnlyList<string> Shared);
