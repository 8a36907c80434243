using System.Globalization;
using Meridian.Cluster.Tests.Harness;
using Meridian.Load;

namespace Meridian.Cluster.Tests.Serving;

[Collection(ThreeRegionsCollection.Name)]
public sealed class DotNetClientTests(ThreeRegions three, ITestOutputHelper output)
{
    private DevInstallation Installation => three.Installation;

    [Fact]
    public async Task The_embedding_generator_gives_the_vectors_of_the_front_door()
    {
        await Installation.ServesAsync("minilm");
        await using var service = await DotNetClient.StartAsync(Installation, "minilm");
        string[] texts = ["A quick brown fox.", "東京は日本の首都です。"];
        var generated = await service.Embeddings.GenerateAsync(texts);
        var expected = await Installation.FrontDoor.EmbedAsync("minilm", texts);
        Assert.Equal(texts.Length, generated.Count);
        for (var i = 0; i < texts.Length; i++)
        {
            Assert.Equal(expected.Vectors[i], generated[i].Vector.ToArray());
        }
    }

    [Fact]
    public async Task The_sample_prints_what_is_alike()
    {
        await Installation.ServesAsync("minilm");
        var built = new DirectoryInfo(AppContext.BaseDirectory);
        await using var sample = MeridianProgram.OfAssembly(Path.Combine(built.Parent!.Parent!.FullName, "Embeddings", built.Name, "Meridian.Samples.Embeddings.dll"))
            .Start("sample", ["--ports-from", Installation.PortsFrom.ToString(CultureInfo.InvariantCulture)]);
        await sample.ExitAsync(TimeSpan.FromSeconds(60));
        output.WriteLine(string.Join(Environment.NewLine, sample.Lines));
        Assert.True(sample.ExitCode == 0, sample.Tail(60));
        Assert.NotEmpty(sample.Lines);
    }

    [Fact]
    public async Task Killing_the_home_region_fails_no_call()
    {
        const int Callers = 4;
        await Installation.ServesAsync("minilm");
        var home = Installation.Regions[2];
        await using var service = await DotNetClient.StartAsync(Installation, "minilm", home);
        await service.Embeddings.GenerateAsync(["first"]);
        Assert.Equal(home, service.Client.HomeRegion("minilm"));

        using var stop = new CancellationTokenSource();
        var latencies = new List<double>();
        var failures = new List<string>();
        var calls = Enumerable.Range(0, Callers).Select(async caller =>
        {
            while (!stop.IsCancellationRequested)
            {
                var started = TimeProvider.System.GetTimestamp();
                string? failure = null;
                try
                {
                    await service.Embeddings.GenerateAsync([$"call of {caller}"]);
                }
                catch (Exception e)
                {
                    failure = e.ToString();
                }

                lock (latencies)
                {
                    latencies.Add(TimeProvider.System.GetElapsedTime(started).TotalMilliseconds);
                    if (failure is not null)
                    {
                        failures.Add(failure);
                    }
                }
            }
        }).ToArray();

        int Count()
        {
            lock (latencies)
            {
                return latencies.Count;
            }
        }

        await Eventually.HoldsAsync(_ => Task.FromResult(Count() >= 50), "50 calls", TimeSpan.FromSeconds(20));
        Signals.Send(Installation.ProcessOf(home), Signals.Kill);
        var atKill = Count();
        await Eventually.HoldsAsync(
            _ => Task.FromResult(service.Client.HomeRegion("minilm") is { } now && now != home), "another home", TimeSpan.FromSeconds(20), () => Installation.Supervisor.Tail());
        await Eventually.HoldsAsync(_ => Task.FromResult(Count() >= atKill + 50), "50 calls after the kill", TimeSpan.FromSeconds(40), () => Installation.Supervisor.Tail());
        await stop.CancelAsync();
        await Task.WhenAll(calls);

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{latencies.Count} calls: {Percentiles.Of(latencies)}"));
        Assert.True(failures.Count == 0, $"{failures.Count} of {latencies.Count} calls failed, the first: {failures.FirstOrDefault()}");
        await Installation.ServesAsync("minilm");
    }
}
