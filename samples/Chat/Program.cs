using System.CommandLine;
using System.Globalization;
using Meridian.Client;
using Meridian.Client.Hosting;
using Meridian.Errors;
using Meridian.Samples.Chat;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

var portsFrom = new Option<int>("--ports-from") { Description = "The number that the regions were started with.", DefaultValueFactory = _ => 8080 };
var model = new Option<string>("--model") { Description = "A model that generates text.", DefaultValueFactory = _ => "stories" };
var prompt = new Option<string?>("--prompt") { Description = "What to say to the model, or with --continue the text to go on with." };
var maxTokens = new Option<int>("--max-tokens") { Description = "Longest story.", DefaultValueFactory = _ => 300 };
var goOn = new Option<bool>("--continue") { Description = "Go on with the prompt as it stands instead of chatting: for models without a chat template." };
var watch = new Option<bool>("--watch") { Description = "Tell one story after another: kill a region and see." };
var command = new RootCommand("Streams a story with Meridian's .NET client. Start the regions first: dotnet run --project src/Silo. Their own model, stories, has no chat template: use --continue with it")
{
    portsFrom,
    model,
    prompt,
    maxTokens,
    goOn,
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

        o.DefaultChatModel = parsed.GetValue(model);
    });
    using var host = builder.Build();
    await host.StartAsync(cancellationToken);
    Task<Telling> TellAsync(CancellationToken token) => parsed.GetValue(goOn)
        ? Continuation.TellAsync(host.Services.GetRequiredService<IMeridianClient>(), parsed.GetValue(prompt) ?? "Once upon a time", parsed.GetValue(maxTokens), token)
        : Conversation.TellAsync(host.Services.GetRequiredService<IChatClient>(), parsed.GetValue(prompt) ?? "Tell me a short story.", parsed.GetValue(maxTokens), token);
    try
    {
        if (parsed.GetValue(watch))
            await Watch.RunAsync(TellAsync, cancellationToken);
        else
            Console.WriteLine($"\n\n{await TellAsync(cancellationToken)}");
        return 0;
    }
    catch (MeridianException e)
    {
        Console.Error.WriteLine(e.Message);
        Console.Error.WriteLine("Is Meridian running, with such a model? Start it with: dotnet run --project src/Silo -- --model NAME=FOLDER");
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
