using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Meridian.Federation.Edge;
using Meridian.Federation.Regions;
using Meridian.Gateway.Hosting;
using Meridian.Gateway.Http;
using Meridian.Routing;
using Meridian.Routing.Decision;
using Meridian.Routing.Policies;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Meridian.Gateway.Tests.Hosting;

/// <summary>The facade on a real server and a free port, over an edge and a directory that the test commands.</summary>
public sealed class GatewayHost : IAsyncDisposable
{
    private GatewayHost(WebApplication app, EdgeDouble edge, DirectoryDouble directory, LogSink log)
    {
        App = app;
        Edge = edge;
        Directory = directory;
        Log = log;
        Address = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        Client = new HttpClient { BaseAddress = Address };
    }

    public WebApplication App { get; }

    public EdgeDouble Edge { get; }

    public DirectoryDouble Directory { get; }

    public LogSink Log { get; }

    public Uri Address { get; }

    public HttpClient Client { get; }

    public static async Task<GatewayHost> StartAsync(Action<GatewayOptions>? configure = null, Action<IServiceCollection>? services = null, Action<WebApplication>? map = null)
    {
        var edge = new EdgeDouble();
        var directory = new DirectoryDouble();
        var log = new LogSink();
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders().AddProvider(log).SetMinimumLevel(LogLevel.Warning);
        builder.Services.AddSingleton<IEdge>(edge).AddSingleton<IRegionDirectory>(directory);
        builder.Services.AddSingleton(new RoutingDirector(RoutingPolicies.ByName[RoutingPolicyNames.Default], nearEqualMs: 5));
        builder.Services.AddMeridianGateway(configure);
        services?.Invoke(builder.Services);
        var app = builder.Build();
        app.UseMeridianGateway();
        map?.Invoke(app);
        await app.StartAsync();
        return new GatewayHost(app, edge, directory, log);
    }

    public Task<HttpResponseMessage> EmbedAsync(string json) => SendAsync(Encoding.UTF8.GetBytes(json));

    public Task<HttpResponseMessage> ChatAsync(string json) => PostAsync("/v1/chat/completions", Encoding.UTF8.GetBytes(json));

    public Task<HttpResponseMessage> CompleteAsync(string json) => PostAsync("/v1/completions", Encoding.UTF8.GetBytes(json));

    public Task<HttpResponseMessage> SendAsync(byte[] body, params (string Name, string Value)[] headers) => PostAsync("/v1/embeddings", body, headers);

    /// <summary>Posts JSON; answers as soon as the headers of the answer are there.</summary>
    public Task<HttpResponseMessage> PostAsync(string path, byte[] body, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    public static async Task<JsonNode> JsonAsync(HttpResponseMessage response) => JsonNode.Parse(await response.Content.ReadAsStringAsync())!;

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await App.DisposeAsync();
    }
}
