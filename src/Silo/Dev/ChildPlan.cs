namespace Meridian.Silo.Dev;

/// <summary>A process that the supervisor keeps running.</summary>
/// <param name="Name">Name of the region or of the front door.</param>
/// <param name="Arguments">The production command, as a user would type it.</param>
/// <param name="Url">The address for callers.</param>
/// <param name="IsFrontDoor">False for a region.</param>
/// <param name="Environment">Secrets, as variables added to the supervisor's own. They are not on the command line, because every user of the machine can read
/// it.</param>
public sealed record ChildPlan(string Name, IReadOnlyList<string> Arguments, Uri Url, bool IsFrontDoor, IReadOnlyDictionary<string, string> Environment);
