namespace Meridian.Intents.Tests;

/// <summary>Tests that share the cluster of their class: no other test of the module runs beside them.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class OneAtATime
{
    public const string Name = "one at a time";
}
