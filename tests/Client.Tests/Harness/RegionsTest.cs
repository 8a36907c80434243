namespace Meridian.Client.Tests.Harness;

/// <summary>A test on the shared regions: takes its turn, finds them as they were made, and leaves them so.</summary>
[Collection("regions")]
public abstract class RegionsTest : IDisposable
{
    protected RegionsTest(ThreeRegions regions)
    {
        Regions = regions;
        Restore();
    }

    protected ThreeRegions Regions { get; }

    public void Dispose()
    {
        Restore();
        GC.SuppressFinalize(this);
    }

    private void Restore()
    {
        foreach (var region in Regions.All)
            region.Restore();
    }
}
