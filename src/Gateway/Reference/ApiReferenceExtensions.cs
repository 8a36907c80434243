using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;
using Scalar.AspNetCore;

namespace Meridian.Gateway.Reference;

/// <summary><c>/openapi/v1.json</c> and the page that shows it, <c>/docs</c>.</summary>
internal static class ApiReferenceExtensions
{
    private const string Description = """
        Foundation models from several regions as one service. Any of the regions' facades and any front door answers the same API:
        the request goes to the nearest region that may serve it and has room, and to the next one when that region is lost.

        Every answer carries `x-request-id`. Every error is `{"error":{"message","type","param","code"}}`; `message` says what to do.
        On loopback no key is needed, and any key is accepted.
        """;

    public static void AddMeridianApiReference(this IServiceCollection services) => services.AddOpenApi("v1", options =>
    {
        // HEAD is GET without the body and adds nothing to the reference.
        options.ShouldInclude = static description => description.GroupName is (null or "v1") && description.HttpMethod != "HEAD";
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new OpenApiInfo { Title = "Meridian", Version = "v1", Description = Description };
            return Task.CompletedTask;
        });
        options.AddOperationTransformer((operation, _, _) =>
        {
            CommonHeaders.Describe(operation);
            return Task.CompletedTask;
        });
    });

    public static void MapMeridianApiReference(this IEndpointRouteBuilder routes)
    {
        routes.MapOpenApi();
        // The page must work if only this process can be reached: own bundle, system fonts, no telemetry, no assistant.
        routes.MapScalarApiReference("/docs", options => options
            .WithTitle("Meridian API")
            .HideDeveloperTools()
            .HideClientButton()
            .WithOpenApiRoutePattern("/openapi/{documentName}.json")
            .WithFavicon("data:,")
            .DisableDefaultFonts()
            .DisableTelemetry()
            .DisableAgent()
            .DisableMcp());
    }
}
