namespace Meridian.Silo.Dev;

/// <summary>What the supervisor was told and passes on to every child.</summary>
/// <param name="Shared">Arguments of the command line, as a user would type them after <c>region --name X</c>.</param>
public sealed record SupervisorArguments(IReadOnlyList<string> Shared);
