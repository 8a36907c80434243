namespace Meridian.Federation.Tests;

/// <summary>Tests that hedge requests, and tests that listen to the hedges of the process: one after the other, so that none hears those of another.</summary>
[CollectionDefinition(Name)]
public sealed class ProcessMeters
{
    public const string Name = "meters of the process";
}
