using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Meridian.Gateway.Http;
using Meridian.Gateway.Tests.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Meridian.Gateway.Tests.Reference;

public sealed partial class ReferenceTests
{
    [Fact]
    public async Task The_document_describes_every_route_with_its_answers_and_headers()
    {
        await using var host = await GatewayHost.StartAsync();
        using var response = await host.Client.GetAsync(new Uri("/openapi/v1.json", UriKind.Relative));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var document = await GatewayHost.JsonAsync(response);
        var paths = document["paths"]!.AsObject();
        // Pages and the document itself are not part of the API.
        string[] pages = ["/", "/openapi/{documentName}.json"];
        var routes = host.App.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .SelectMany(endpoint => (endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? []).Select(method => (Path: "/" + endpoint.RoutePattern.RawText!.TrimStart('/').Replace("**", "", StringComparison.Ordinal), Method: method)))
            .Where(route => route.Method != "HEAD" && !pages.Contains(route.Path) && !route.Path.StartsWith("/docs", StringComparison.Ordinal))
            .ToList();
        Assert.True(routes.Count >= 18, $"only {routes.Count} routes");
        foreach (var (path, method) in routes)
        {
            Assert.True(paths.ContainsKey(path), $"{path} is not described; there are {string.Join(", ", paths.Select(p => p.Key))}");
            var operation = paths[path]![method.ToLowerInvariant()]!;
            Assert.NotEmpty((string)operation["summary"]!);
            Assert.NotEmpty((string)operation["description"]!);
            foreach (var (status, answer) in operation["responses"]!.AsObject())
            {
                Assert.NotEmpty((string)answer!["description"]!);
                Assert.NotNull(answer["headers"]![GatewayHeaders.RequestId]);
                if (status is "204" or "307")
                {
                    continue;
                }

                var schema = answer["content"]!["application/json"]!["schema"]!;
                Assert.Equal(status[0] is '4' or '5' && path != "/readyz", (string?)schema["$ref"] == "#/components/schemas/ErrorBody");
            }
        }

        var embeddings = paths["/v1/embeddings"]!["post"]!;
        Assert.Equal(["200", "307", "400", "403", "404", "408", "413", "415", "500", "503", "504"], embeddings["responses"]!.AsObject().Select(answer => answer.Key).Order());
        Assert.Equal("#/components/schemas/CreateEmbeddingRequest", (string)embeddings["requestBody"]!["content"]!["application/json"]!["schema"]!["$ref"]!);
        Assert.Equal(["dimensions", "encoding_format", "input", "model", "prompt_cache_key", "service_tier", "truncate", "user"], Component(document, "CreateEmbeddingRequest").Select(property => property.Key).Order());
        Assert.Equal(["code", "message", "param", "type"], Component(document, "ErrorObject").Select(property => property.Key).Order());
        foreach (var header in (string[])[GatewayHeaders.RequestId, GatewayHeaders.Region, GatewayHeaders.ModelVersion, GatewayHeaders.Attempts, GatewayHeaders.ProcessingMs])
        {
            Assert.NotNull(embeddings["responses"]!["200"]!["headers"]![header]);
        }
    }

    [Fact]
    public async Task Every_reference_in_the_document_leads_somewhere()
    {
        await using var host = await GatewayHost.StartAsync();
        var text = await host.Client.GetStringAsync(new Uri("/openapi/v1.json", UriKind.Relative));
        var schemas = JsonNode.Parse(text)!["components"]!["schemas"]!.AsObject();
        var references = Reference().Matches(text).Select(match => match.Groups[1].Value).Distinct().ToList();
        Assert.NotEmpty(references);
        Assert.All(references, name => Assert.True(schemas.ContainsKey(name), name));
    }

    [Fact]
    public async Task The_reference_page_fetches_nothing_from_elsewhere()
    {
        await using var host = await GatewayHost.StartAsync();
        using var response = await host.Client.GetAsync(new Uri("/docs", UriKind.Relative));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var page = await response.Content.ReadAsStringAsync();
        Assert.DoesNotMatch(Elsewhere(), page);
        Assert.Contains("\"withDefaultFonts\":false", page, StringComparison.Ordinal);
        Assert.Contains("\"telemetry\":false", page, StringComparison.Ordinal);
        Assert.Contains("openapi/v1.json", page, StringComparison.Ordinal);
        foreach (var source in Source().Matches(page).Select(match => match.Groups[1].Value))
        {
            using var asset = await host.Client.GetAsync(new Uri(response.RequestMessage!.RequestUri!, source));
            Assert.Equal(HttpStatusCode.OK, asset.StatusCode);
        }
    }

    [Fact]
    public async Task The_landing_page_links_to_what_there_is()
    {
        await using var host = await GatewayHost.StartAsync();
        using var response = await host.Client.GetAsync(new Uri("/", UriKind.Relative));
        Assert.Equal("text/html", response.Content.Headers.ContentType!.MediaType);
        var page = await response.Content.ReadAsStringAsync();
        Assert.DoesNotMatch(Elsewhere(), page);
        var links = Link().Matches(page).Select(match => match.Groups[1].Value).ToList();
        Assert.Equal(6, links.Count);
        foreach (var link in links)
        {
            using var target = await host.Client.GetAsync(new Uri(link, UriKind.Relative));
            Assert.Equal(HttpStatusCode.OK, target.StatusCode);
        }
    }

    private static JsonObject Component(JsonNode document, string name) => document["components"]!["schemas"]![name]!["properties"]!.AsObject();

    [GeneratedRegex("#/components/schemas/([^\"]+)")]
    private static partial Regex Reference();

    /// <summary>An address on another host, in an attribute, a style or the page's configuration. The page's own host may be named.</summary>
    [GeneratedRegex("(https?:)?//(?!127\\.0\\.0\\.1)[a-z0-9-]+\\.[a-z]")]
    private static partial Regex Elsewhere();

    [GeneratedRegex("<script[^>]* src=\"([^\"]+)\"")]
    private static partial Regex Source();

    [GeneratedRegex("<a href=\"([^\"]+)\"")]
    private static partial Regex Link();
}
