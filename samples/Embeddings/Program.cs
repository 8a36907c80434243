using System.CommandLine;
using System.Globalization;
using Meridian.Client;
using Meridian.Client.Hosting;
using Meridian.Errors;
using Meridian.Samples.Embeddings;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

var portsFrom = new Option<int>("--ports-from") { Description = "The number that the regions were started with.", DefaultValueFactory = _ => 8080 };
var watch = new Option<bool>("--watch") { Description = "Embed once a second and print the region and the time: kill a region and see." };
var command = new RootCommand("Embeds three sentences with Meridian's .NET client and prints how alike they are. Start the regions first: dotnet run --project src/Silo")
{
    portsFrom,
    watch,
};
command.SetAction(async (parsed, cancellationToken) =>
{
    var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
    builder.Logging.AddSimpleConsole(o => o.SingleLine = true).SetMinimumLevel(LogLevel.Warning).AddFilter("Meridian", parsed.GetValue(watch) ? LogLevel.Information : LogLevel.Error);
    builder.Services.AddMeridian(o =>
    {
        string[] names = ["eastus", "westeurope", "southeastasia"];
        string[] jurisdictions = ["us", "eu", "apac"];
        for (var i = 1; i <= names.Length; i++)
        {
            var gateway = parsed.GetValue(portsFrom) + 100 + (10 * i) + 2;
            o.Regions.Add(new MeridianRegionOptions
            {
                Name = names[i - 1],
                Jurisdiction = jurisdictions[i - 1],
                Gateways = [string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{gateway}")],
            });
        }
    });
    using var host = builder.Build();
    await host.StartAsync(cancellationToken);
    var generator = host.Services.GetRequiredService<IEmbeddingGenerator<string, Embedding<float>>>();
    try
    {
        await (parsed.GetValue(watch) ? Watch.RunAsync(generator, cancellationToken) : Similarity.PrintAsync(generator, cancellationToken));
        return 0;
    }
    catch (MeridianException e)
    {
        Console.Error.WriteLine(e.Message);
        Console.Error.WriteLine("Is Meridian running? Start it with: dotnet run --project src/Silo");
        return 1;
    }
    catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
    {
        return 0;
    }
    finally
    {
        await host.StopAsync(CancellationToken.None);
    }
});
return await command.Parse(args).InvokeAsync();
