
namespace Meridian.Cluster.Tests;

[CollectionDefinition(Name)]
public sealed class OneRegionOneDoorCollection : ICollectionFixture<OneRegionOneDoor>
{
    public const string Name = "one region and a front door";
}
