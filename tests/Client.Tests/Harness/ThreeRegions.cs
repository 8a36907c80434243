using Meridian.Client.Tests.Harness;

[assembly: AssemblyFixture(typeof(ThreeRegions))]

namespace Meridian.Client.Tests.Harness;

/// <summary>eastus (us), westeurope (eu) and southeastasia (apac), shared by the tests, which take turns and put back what they change.</summary>
public sealed class ThreeRegions : IAsyncLifetime
{
    internal TestRegion East { get; } = new("eastus", "us");

    internal TestRegion Europe { get; } = new("westeurope", "eu");

    internal TestRegion Asia { get; } = new("southeastasia", "apac");

    internal TestRegion[] All => [East, Europe, Asia];

    public async ValueTask InitializeAsync() => await Task.WhenAll(All.Select(r => r.StartAsync()));

    public async ValueTask DisposeAsync() => await Task.WhenAll(All.Select(r => r.DisposeAsync().AsTask()));
}
