
namespace Meridian.Cluster.Tests;

[CollectionDefinition(Name)]
public sealed class ThreeRegionsCollection : ICollectionFixture<ThreeRegions>
{
    public const string Name = "three regions";
}
