
namespace Meridian.Cluster.Tests;

[CollectionDefinition(Name)]
public sealed class FiveProcessesCollection : ICollectionFixture<FiveProcesses>
{
    public const string Name = "three regions and two front doors";
}
