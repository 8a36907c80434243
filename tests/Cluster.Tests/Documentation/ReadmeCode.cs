using Meridian.Client.Hosting;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Meridian.Cluster.Tests.Documentation;

/// <summary>The C# of README.md, so that it compiles: <see cref="DocumentedCodeTests"/> compares it line by line.</summary>
internal static class ReadmeCode
{
    public static async Task<GeneratedEmbeddings<Embedding<float>>> EmbedAsync(HostApplicationBuilder builder, IHost host)
    {
        builder.Services.AddMeridian(o =>
        {
            o.Regions.Add(new() { Name = "eastus", Jurisdiction = "us", Gateways = ["127.0.0.1:8192"] });
            o.Regions.Add(new() { Name = "westeurope", Jurisdiction = "eu", Gateways = ["127.0.0.1:8202"] });
            o.Residency = ["eu", "us"];       // data goes nowhere else, whatever happens
        });

        var generator = host.Services.GetRequiredService<IEmbeddingGenerator<string, Embedding<float>>>();
        var embeddings = await generator.GenerateAsync(["a cat on a mat", "a kitten on a rug"]);
        return embeddings;
    }

    public static async Task ChatAsync(IHost host)
    {
        var chat = host.Services.GetRequiredService<IChatClient>();       // o.DefaultChatModel = "nonsense";
        await foreach (var update in chat.GetStreamingResponseAsync("Tell me a short story."))
            Console.Write(update.Text);       // leaving the loop stops the engine
    }
}
