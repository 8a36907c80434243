using Meridian.Inference.Engines;
using Meridian.Silo.Configuration;
using Meridian.Silo.Configuration.Reading;
using Meridian.Silo.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Meridian.Benchmarks.Embeddings;

/// <summary><c>region --name X --config FILE</c> and <c>front-door --config FILE</c>: the product's own hosts; the region has the no-op engine besides.</summary>
public static class NoOpHost
{
    public static async Task<int> RunAsync(string command, string[] args)
    {
        string Value(string option) => args[Array.IndexOf(args, option) + 1];
        if (command == "front-door")
        {
            using var door = FrontDoorHost.Build(MeridianConfiguration.Load(Value("--config"), [], []));
            await door.RunAsync();
            return 0;
        }

        var settings = MeridianConfiguration.Load(Value("--config"), [], [new($"{MeridianOptions.Section}:Region", Value("--name"))]);
        using var region = RegionHost.Build(settings, new RegionHostHooks { Services = services => services.AddSingleton<IEngineFactory, NoOpEngineFactory>() });
        await region.RunAsync();
        return 0;
    }
}
