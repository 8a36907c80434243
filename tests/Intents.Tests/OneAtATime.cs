namespace Meridian.Intents.Tests;

/// <summary>Tests that run by themselves: their processes elect leaders by the clock, and on two cores they would only get in each other's way.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class OneAtATime
{
    public const string Name = "one at a time";
}
