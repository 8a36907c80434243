using Meridian.Gateway.Access;
using Meridian.Gateway.Admin.Draining;
using Meridian.Gateway.Admin.Explain;
using Meridian.Gateway.Admin.Records;
using Meridian.Gateway.Admin.Regions;
using Meridian.Gateway.Admin.Scaling;
using Meridian.Gateway.Health;
using Meridian.Gateway.OpenAi.Chat;
using Meridian.Gateway.OpenAi.Completions;
using Meridian.Gateway.OpenAi.Embeddings;
using Meridian.Gateway.OpenAi.Models;
using Meridian.Gateway.OpenAi.Tokenization;
using Meridian.Gateway.Reference;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Meridian.Gateway.Hosting;

public static class GatewayApplicationExtensions
{
    /// <summary>
    /// Adds the facade to the pipeline: first the envelope (request id, errors), then routing, the guard against web pages, and every route.
    /// Call it before other endpoints are mapped, so that the envelope covers them, too.
    /// </summary>
    public static WebApplication UseMeridianGateway(this WebApplication app)
    {
        ArgumentNullException.ThrowIfNull(app);
        app.UseMiddleware<RequestEnvelope>();
        app.UseRouting();
        app.UseBrowserGuard();

        var routes = app.MapGroup("").AlsoHead();
        routes.MapGet("/", LandingPage.GetAsync);
        routes.MapMeridianApiReference();
        routes.MapOpenAi(app.Services);
        routes.MapHealth(app.Services);
        routes.MapGroup("/admin/api").MapAdmin(app.Services);
        return app;
    }

    private static void MapOpenAi(this IEndpointRouteBuilder routes, IServiceProvider services)
    {
        routes.MapPost("/v1/chat/completions", services.GetRequiredService<ChatEndpoint>().HandleAsync).DescribeChatCompletions();
        routes.MapPost("/v1/completions", services.GetRequiredService<CompletionsEndpoint>().HandleAsync).DescribeCompletions();
        routes.MapPost("/v1/embeddings", services.GetRequiredService<EmbeddingsEndpoint>().HandleAsync).DescribeEmbeddings();
        var tokenization = services.GetRequiredService<TokenizationEndpoints>();
        routes.MapPost("/tokenize", tokenization.TokenizeAsync).DescribeTokenize();
        routes.MapPost("/detokenize", tokenization.DetokenizeAsync).DescribeDetokenize();
        var models = services.GetRequiredService<ModelsEndpoints>();
        routes.MapGet("/v1/models", models.ListAsync).DescribeModelList();
        routes.MapGet("/v1/models/{**id}", models.GetAsync).DescribeModel();
    }

    private static void MapHealth(this IEndpointRouteBuilder routes, IServiceProvider services)
    {
        routes.MapGet("/healthz", HealthEndpoints.HealthAsync).DescribeHealth();
        routes.MapGet("/readyz", services.GetRequiredService<HealthEndpoints>().ReadyAsync).DescribeReadiness();
    }

    private static void MapAdmin(this IEndpointRouteBuilder routes, IServiceProvider services)
    {
        routes.MapGet("/regions", services.GetRequiredService<RegionsEndpoint>().GetAsync).DescribeRegions();
        routes.MapGet("/explain", services.GetRequiredService<ExplainEndpoint>().GetAsync).DescribeExplain();
        var scaling = services.GetRequiredService<ScalingEndpoints>();
        routes.MapPut("/models/{id}/replicas", scaling.PutAsync).DescribeScale();
        routes.MapGet("/models/{id}/replicas", scaling.GetAsync).DescribeScaleHistory();
        var drain = services.GetRequiredService<DrainEndpoints>();
        routes.MapPost("/drain", drain.PostAsync).DescribeDrain();
        routes.MapGet("/drain", drain.GetAsync).DescribeDrainStatus();
        routes.MapDelete("/drain", drain.DeleteAsync).DescribeEndDrain();
        var directory = services.GetRequiredService<DirectoryEndpoints>();
        routes.MapGet("/directory", directory.GetAsync).DescribeDirectory();
        routes.MapGet("/drift", directory.GetDriftAsync).DescribeDrift();
        routes.MapPost("/drift/{kind}/{**name}", directory.AdoptAsync).DescribeAdopt();
        routes.MapPut("/directory/voters/{name}", directory.PutVoterAsync).DescribeAddVoter();
        routes.MapDelete("/directory/voters/{name}", directory.DeleteVoterAsync).DescribeRemoveVoter();
        routes.MapGet("/directory/{kind}/{**name}", directory.GetRecordAsync).DescribeRecord();
        routes.MapPut("/directory/{kind}/{**name}", directory.PutAsync).DescribePutRecord();
        routes.MapDelete("/directory/{kind}/{**name}", directory.DeleteAsync).DescribeDeleteRecord();
    }
}
