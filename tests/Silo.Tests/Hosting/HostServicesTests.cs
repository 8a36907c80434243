using System.Globalization;
using Meridian.Federation.Edge;
using Meridian.Federation.Routing;
using Meridian.Silo.Configuration;
using Meridian.Silo.Hosting;
using Meridian.Silo.Tests.Processes;
using Microsoft.Extensions.DependencyInjection;

namespace Meridian.Silo.Tests.Hosting;

public sealed class HostServicesTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("meridian-silo-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    // Grains and federation both register it and the first counts, so the edge draws on many threads from what the grains have registered.
    [Fact]
    public async Task A_region_draws_from_one_generator_that_threads_may_share()
    {
        var ports = SiloProcess.FreePorts().ToString(CultureInfo.InvariantCulture);
        using var host = RegionHost.Build(MeridianConfiguration.Load(null, [$"--Meridian:Data={_directory}", $"--Meridian:PortsFrom={ports}", "--Meridian:Region=eastus"], []));
        await using var scope = host.Services.CreateAsyncScope();

        var random = host.Services.GetRequiredService<Random>();

        Assert.IsType<ConcurrentRandom>(random);
        Assert.Same(random, host.Services.GetRequiredService<Random>());
        Assert.Same(random, scope.ServiceProvider.GetRequiredService<Random>());
        Assert.NotNull(host.Services.GetRequiredService<IEdge>());
    }
}
