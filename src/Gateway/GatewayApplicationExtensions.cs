using Meridian.Gateway.Admin;
using Meridian.Gateway.Admin.Directory;
using Meridian.Gateway.Admin.Draining;
using Meridian.Gateway.Chat;
using Meridian.Gateway.Completions;
using Meridian.Gateway.Embeddings;
using Meridian.Gateway.Envelope;
using Meridian.Gateway.Health;
using Meridian.Gateway.Models;
using Meridian.Gateway.Reference;
using Meridian.Gateway.Tokenization;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Meridian.Gateway;

public static class GatewayApplicationExtensions
{
    /// <summary>
    /// Puts the facade into the pipeline: the envelope first (request id, errors), then routing, then every route.
    /// Call it before other endpoints are mapped, so that the envelope is around them too.
    /// </summary>
    public static WebApplication UseMeridianGateway(this WebApplication app)
    {
        ArgumentNullException.ThrowIfNull(app);
        app.UseMiddleware<RequestEnvelope>();
        app.UseRouting();

        var services = app.Services;
        app.MapGet("/", LandingPage.GetAsync);
        app.MapMeridianApiReference();
        app.MapPost("/v1/chat/completions", services.GetRequiredService<ChatEndpoint>().HandleAsync).DescribeChatCompletions();
        app.MapPost("/v1/completions", services.GetRequiredService<CompletionsEndpoint>().HandleAsync).DescribeCompletions();
        app.MapPost("/v1/embeddings", services.GetRequiredService<EmbeddingsEndpoint>().HandleAsync).DescribeEmbeddings();
        var tokenization = services.GetRequiredService<TokenizationEndpoints>();
        app.MapPost("/tokenize", tokenization.TokenizeAsync).DescribeTokenize();
        app.MapPost("/detokenize", tokenization.DetokenizeAsync).DescribeDetokenize();
        var models = services.GetRequiredService<ModelsEndpoints>();
        app.MapGet("/v1/models", models.ListAsync).DescribeModelList();
        app.MapGet("/v1/models/{**id}", models.GetAsync).DescribeModel();
        var health = services.GetRequiredService<HealthEndpoints>();
        app.MapGet("/healthz", HealthEndpoints.HealthAsync).DescribeHealth();
        app.MapGet("/readyz", health.ReadyAsync).DescribeReadiness();
        app.MapGet("/admin/api/regions", services.GetRequiredService<RegionsEndpoint>().GetAsync).DescribeRegions();
        app.MapGet("/admin/api/explain", services.GetRequiredService<ExplainEndpoint>().GetAsync).DescribeExplain();
        var scaling = services.GetRequiredService<ScalingEndpoints>();
        app.MapPut("/admin/api/models/{id}/replicas", scaling.PutAsync).DescribeScale();
        app.MapGet("/admin/api/models/{id}/replicas", scaling.GetAsync).DescribeScaleHistory();
        var drain = services.GetRequiredService<DrainEndpoints>();
        app.MapPost("/admin/api/drain", drain.PostAsync).DescribeDrain();
        app.MapGet("/admin/api/drain", drain.GetAsync).DescribeDrainStatus();
        app.MapDelete("/admin/api/drain", drain.DeleteAsync).DescribeEndDrain();
        var directory = services.GetRequiredService<DirectoryEndpoints>();
        app.MapGet("/admin/api/directory", directory.GetAsync).DescribeDirectory();
        app.MapPut("/admin/api/directory/voters/{name}", directory.PutVoterAsync).DescribeAddVoter();
        app.MapDelete("/admin/api/directory/voters/{name}", directory.DeleteVoterAsync).DescribeRemoveVoter();
        app.MapGet("/admin/api/directory/{kind}/{**name}", directory.GetRecordAsync).DescribeRecord();
        app.MapPut("/admin/api/directory/{kind}/{**name}", directory.PutAsync).DescribePutRecord();
        app.MapDelete("/admin/api/directory/{kind}/{**name}", directory.DeleteAsync).DescribeDeleteRecord();
        return app;
    }
}
