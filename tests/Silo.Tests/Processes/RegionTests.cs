using Meridian.Silo.Processes;

namespace Meridian.Silo.Tests.Processes;

/// <summary>The production command by itself.</summary>
[Collection(SiloProcess.Collection)]
public sealed class RegionTests : IDisposable
{
    private readonly string _data = Directory.CreateTempSubdirectory("meridian-silo-").FullName;

    public void Dispose() => Directory.Delete(_data, recursive: true);

    [Fact]
    public async Task A_region_alone_gets_ready_keeps_its_doors_apart_and_stops_on_SIGTERM()
    {
        if (!OperatingSystem.IsLinux())
        {
            Assert.Skip("Signals are sent with /bin/sh: run on Linux.");
        }

        var ports = SiloProcess.FreePorts();
        await using var region = SiloProcess.Start("region", "--name", "westeurope", "--data", _data, "--ports-from", $"{ports}");
        await region.UntilAsync(() => SiloProcess.AnswersAsync(new Uri($"http://127.0.0.1:{ports + 2}/readyz")), "the region is ready");
        Assert.True(File.Exists(Path.Combine(_data, "westeurope", "store", "store.lock")));

        // The region protocol's port speaks HTTP/2 alone and knows no facade.
        Assert.False(await SiloProcess.AnswersAsync(new Uri($"http://127.0.0.1:{ports + 120}/readyz")));
        using var http2 = new HttpClient { DefaultRequestVersion = new Version(2, 0), DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact };
        using var answer = await http2.GetAsync(new Uri($"http://127.0.0.1:{ports + 120}/readyz"));
        Assert.Equal(System.Net.HttpStatusCode.NotFound, answer.StatusCode);

        await using (var second = SiloProcess.Start("region", "--name", "westeurope", "--data", _data, "--ports-from", $"{ports}"))
        {
            Assert.Equal(ExitCode.Unavailable, await second.ExitAsync());
            Assert.Contains($"{ports + 2} (westeurope, facade)", second.Output, StringComparison.Ordinal);
            Assert.DoesNotContain("   at ", second.Output, StringComparison.Ordinal);
        }

        await SiloProcess.SignalAsync(region.Id, "TERM");
        Assert.Equal(ExitCode.Ok, await region.ExitAsync());
        Assert.DoesNotContain(" error ", region.Output, StringComparison.Ordinal);
    }
}
