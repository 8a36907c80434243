using Meridian.Federation.Regions;
using Meridian.Grains.Hosting;
using Meridian.Grains.Settings;
using Meridian.Grains.Tests.Fakes;
using Meridian.Inference;
using Meridian.Inference.Decoders.Contract;
using Meridian.Inference.Packages;
using Meridian.Inference.Packages.HuggingFace;
using Meridian.Messages;
using Meridian.TestModels;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Storage;
using Orleans.TestingHost;

namespace Meridian.Grains.Tests.Shards;

/// <summary>The real engine behind the grains.</summary>
public sealed class GenerationTests : IDisposable
{
    private readonly string _models = Path.Combine(Path.GetTempPath(), "meridian-" + Path.GetRandomFileName());

    [Theory]
    [InlineData(Stories.BuiltIn, false)]
    [InlineData(Stories.BuiltIn, true)]
    [InlineData(Stories.Teacher, false)]
    [InlineData(Stories.Teacher, true)]
    public async Task Golden_prompts_come_through_the_grains_token_for_token_all_at_once(string model, bool fromClient)
    {
        var golden = StoriesGolden.Require(model);
        await using var region = await StartAsync(Stories.Require(model));
        var local = await ServingAsync(region, fromClient);

        var texts = await Task.WhenAll(golden.Select(async story => await ReadAsync(local, Request(new PromptInput { Text = story.Prompt }, story.GeneratedIds.Length))));

        for (var i = 0; i < golden.Count; i++)
        {
            Assert.Equal(golden[i].PromptIds, texts[i].Head.PromptIds.Single());
            Assert.Equal(golden[i].GeneratedIds, texts[i].Ids);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_made_model_gives_the_same_text_inside_and_outside_the_silo_whole_and_resumed(bool fromClient)
    {
        await using var region = await StartAsync(MadeModels.Get(KvLayout.Concatenated));
        var local = await ServingAsync(region, fromClient);
        var prompt = new PromptInput { TokenIds = [5, 6, 7, 8] };
        var whole = await ReadAsync(local, Request(prompt, 60));
        Assert.Equal(60, whole.Ids.Count);

        var resumed = await ReadAsync(local, Request(prompt, 60, whole.Ids[..25]));

        Assert.Equal(whole.Ids[25..], resumed.Ids);
        Assert.EndsWith(resumed.Text, whole.Text, StringComparison.Ordinal);
        Assert.Equal(25, resumed.FirstPosition);
    }

    [Fact]
    public async Task An_open_end_is_where_the_context_ended_that_the_stream_began_with()
    {
        await using var region = await StartAsync(MadeModels.Get(KvLayout.Concatenated));
        var local = await ServingAsync(region, fromClient: false);
        var request = Request(new PromptInput { TokenIds = [5, 6, 7, 8] }, 1);
        var input = (GenerationInput)request.Input with { MaxTokens = null, ContextLength = 40 };

        var whole = await ReadAsync(local, request with { Input = input });
        Assert.Equal((36, 40), (whole.Ids.Count, whole.Head.ContextLength));
        var resumed = await ReadAsync(local, request with { Input = input with { Resume = [new ChoiceResume { Choice = 0, TokenIds = [.. whole.Ids[..10]] }] } });
        Assert.Equal(whole.Ids[10..], resumed.Ids);
    }

    public void Dispose()
    {
        if (System.IO.Directory.Exists(_models)) System.IO.Directory.Delete(_models, recursive: true);
    }

    private static InferRequest Request(PromptInput prompt, int maxTokens, List<int>? resume = null) => RegionCluster.Generation() with
    {
        Input = new GenerationInput
        {
            Prompts = [prompt],
            MaxTokens = maxTokens,
            IgnoreEndOfText = prompt.TokenIds is not null,
            Sampling = new SamplingInput { Seed = 1, Temperature = 0 },
            Resume = resume is null ? null : [new ChoiceResume { Choice = 0, TokenIds = [.. resume] }],
        },
    };

    private static async Task<(StreamHead Head, List<int> Ids, string Text, int FirstPosition)> ReadAsync(ILocalRegion region, InferRequest request)
    {
        var opening = await region.OpenAsync(request, CancellationToken.None);
        Assert.Null(opening.Refusal);
        await using var stream = opening.Stream!;
        var ids = new List<int>();
        var text = "";
        var first = -1;
        while (await stream.ReadAsync(default) is { } frame)
        {
            foreach (var group in frame.Groups)
            {
                if (first < 0) first = group.Position;
                Assert.Equal(first + ids.Count, group.Position);
                ids.AddRange(group.TokenIds);
                text += group.Text;
            }
        }

        return (stream.Head, ids, text, first);
    }

    private static async Task<ILocalRegion> ServingAsync(InProcessTestCluster region, bool fromClient)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(120));
        var local = region.GetSiloServiceProvider().GetRequiredService<ILocalRegion>();
        var deployment = region.Client.GetGrain<IModelDeployment>("story");
        var table = await deployment.Replicas(0, patience.Token);
        while (local.Status.Models[0].ReadyReplicas == 0)
        {
            Assert.Null(local.Status.Models[0].Problem);
            table = await deployment.Replicas(table.Revision, patience.Token);
        }

        return fromClient ? region.Client.ServiceProvider.GetRequiredService<ILocalRegion>() : local;
    }

    private async Task<InProcessTestCluster> StartAsync(string folder)
    {
        await using (var services = new ServiceCollection().AddLogging().AddMeridianInference(o => o.Root = _models).BuildServiceProvider())
            await services.GetRequiredService<IModelStore>().InstallAsync(new HuggingFaceSource("story", folder), CancellationToken.None);

        static void Region(RegionOptions o) => (o.Name, o.Jurisdiction, o.Models) = ("westeurope", "eu", [new() { Name = "story" }]);
        var builder = new InProcessTestClusterBuilder(1);
        builder.Options.ConfigureFileLogging = false;
        builder.ConfigureSilo((_, silo) =>
        {
            silo.AddMeridianGrains(Region);
            silo.Services.AddMeridianLocalRegion(Region);
            silo.Services.AddMeridianInference(o => o.Root = _models);
            silo.Services.AddKeyedSingleton<IGrainStorage>("Default", new TestStore());
        });
        builder.ConfigureClientHost(client => client.Services.AddMeridianLocalRegion(Region));
        var region = builder.Build();
        await region.DeployAsync();
        return region;
    }
}
