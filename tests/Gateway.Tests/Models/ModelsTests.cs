using System.Net;
using Meridian.Gateway.Tests.Hosting;

namespace Meridian.Gateway.Tests.Models;

public sealed class ModelsTests
{
    [Fact]
    public async Task The_list_has_what_intent_declares()
    {
        await using var host = await GatewayHost.StartAsync();
        using var response = await host.Client.GetAsync(new Uri("/v1/models", UriKind.Relative));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var list = await GatewayHost.JsonAsync(response);
        Assert.Equal("list", (string)list["object"]!);
        var model = list["data"]!.AsArray()[0]!.AsObject();
        Assert.Equal(["id", "object", "created", "owned_by"], model.Select(member => member.Key));
        Assert.Equal("minilm", (string)model["id"]!);
        Assert.Equal("model", (string)model["object"]!);
        Assert.Equal(1_630_000_000, (long)model["created"]!);
        Assert.Equal("sentence-transformers", (string)model["owned_by"]!);
    }

    [Theory]
    [InlineData("minilm", "minilm")]
    [InlineData("vendor%2Fother%20model", "vendor/other model")]
    [InlineData("vendor%2fother%20model", "vendor/other model")]
    [InlineData("vendor/other%20model", "vendor/other model")]
    public async Task One_model_by_its_encoded_id(string path, string id)
    {
        await using var host = await GatewayHost.StartAsync();
        using var response = await host.Client.GetAsync(new Uri("/v1/models/" + path, UriKind.Relative));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(id, (string)(await GatewayHost.JsonAsync(response))["id"]!);
    }

    [Theory]
    [InlineData("gpt-4")]
    [InlineData("MINILM")]
    [InlineData("%3Cscript%3E")]
    public async Task An_unknown_model_is_not_found(string path)
    {
        await using var host = await GatewayHost.StartAsync();
        using var response = await host.Client.GetAsync(new Uri("/v1/models/" + path, UriKind.Relative));
        await response.ErrorAsync(404, "model_not_found", "model");
    }
}
