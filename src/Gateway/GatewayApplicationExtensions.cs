using Meridian.Gateway.Admin;
using Meridian.Gateway.Admin.Directory;
using Meridian.Gateway.Admin.Draining;
using Meridian.Gateway.Chat;
using Meridian.Gateway.Completions;
using Meridian.Gateway.Embeddings;
using Meridian.Gateway.Envelope;
using Meridian.Gateway.Health;
using Meridian.Gateway.Models;
using Meridian.Gateway.Origins;
using Meridian.Gateway.Reference;
using Meridian.Gateway.Tokenization;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Meridian.Gateway;

public static class GatewayApplicationExtensions
{
    /// <summary>
    /// Puts the facade into the pipeline: the envelope first (request id, errors), then routing, the guard against web pages, then every route.
    /// Call it before other endpoints are mapped, so that the envelope is around them too.
    /// </summary>
    public static WebApplication UseMeridianGateway(this WebApplication app)
    {
        ArgumentNullException.ThrowIfNull(app);
        app.UseMiddleware<RequestEnvelope>();
        app.UseRouting();
        app.UseBrowserGuard();

        var services = app.Services;
        var routes = app.MapGroup("").AlsoHead();
        routes.MapGet("/", LandingPage.GetAsync);
        routes.MapMeridianApiReference();
        routes.MapPost("/v1/chat/completions", services.GetRequiredService<ChatEndpoint>().HandleAsync).DescribeChatCompletions();
        routes.MapPost("/v1/completions", services.GetRequiredService<CompletionsEndpoint>().HandleAsync).DescribeCompletions();
        routes.MapPost("/v1/embeddings", services.GetRequiredService<EmbeddingsEndpoint>().HandleAsync).DescribeEmbeddings();
        var tokenization = services.GetRequiredService<TokenizationEndpoints>();
        routes.MapPost("/tokenize", tokenization.TokenizeAsync).DescribeTokenize();
        routes.MapPost("/detokenize", tokenization.DetokenizeAsync).DescribeDetokenize();
        var models = services.GetRequiredService<ModelsEndpoints>();
        routes.MapGet("/v1/models", models.ListAsync).DescribeModelList();
        routes.MapGet("/v1/models/{**id}", models.GetAsync).DescribeModel();
        var health = services.GetRequiredService<HealthEndpoints>();
        routes.MapGet("/healthz", HealthEndpoints.HealthAsync).DescribeHealth();
        routes.MapGet("/readyz", health.ReadyAsync).DescribeReadiness();
        routes.MapGet("/admin/api/regions", services.GetRequiredService<RegionsEndpoint>().GetAsync).DescribeRegions();
        routes.MapGet("/admin/api/explain", services.GetRequiredService<ExplainEndpoint>().GetAsync).DescribeExplain();
        var scaling = services.GetRequiredService<ScalingEndpoints>();
        routes.MapPut("/admin/api/models/{id}/replicas", scaling.PutAsync).DescribeScale();
        routes.MapGet("/admin/api/models/{id}/replicas", scaling.GetAsync).DescribeScaleHistory();
        var drain = services.GetRequiredService<DrainEndpoints>();
        routes.MapPost("/admin/api/drain", drain.PostAsync).DescribeDrain();
        routes.MapGet("/admin/api/drain", drain.GetAsync).DescribeDrainStatus();
        routes.MapDelete("/admin/api/drain", drain.DeleteAsync).DescribeEndDrain();
        var directory = services.GetRequiredService<DirectoryEndpoints>();
        routes.MapGet("/admin/api/directory", directory.GetAsync).DescribeDirectory();
        routes.MapPut("/admin/api/directory/voters/{name}", directory.PutVoterAsync).DescribeAddVoter();
        routes.MapDelete("/admin/api/directory/voters/{name}", directory.DeleteVoterAsync).DescribeRemoveVoter();
        routes.MapGet("/admin/api/directory/{kind}/{**name}", directory.GetRecordAsync).DescribeRecord();
        routes.MapPut("/admin/api/directory/{kind}/{**name}", directory.PutAsync).DescribePutRecord();
        routes.MapDelete("/admin/api/directory/{kind}/{**name}", directory.DeleteAsync).DescribeDeleteRecord();
        return app;
    }
}
