namespace Meridian.Silo.Dev;

/// <summary>A process that the supervisor keeps running.</summary>
/// <param name="Name">Region's name, or the front door's.</param>
/// <param name="Arguments">Production command: what a user would type.</param>
/// <param name="Url">Where callers reach it.</param>
/// <param name="IsFrontDoor">False for a region.</param>
/// <param name="Environment">Variables beside the supervisor's own: secrets, which are not for a command line that every user of the machine can read.</param>
public sealed record ChildPlan(string Name, IReadOnlyList<string> Arguments, Uri Url, bool IsFrontDoor, IReadOnlyDictionary<string, string> Environment);
