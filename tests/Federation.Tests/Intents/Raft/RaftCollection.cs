namespace Meridian.Federation.Tests.Intents.Raft;

/// <summary>Members of a quorum in one process: they elect leaders within short times, so nothing else runs beside them.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class RaftCollection
{
    public const string Name = "raft";
}
