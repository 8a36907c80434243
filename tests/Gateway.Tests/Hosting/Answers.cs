using System.Text.Json.Nodes;
using Meridian.Gateway.Http;

namespace Meridian.Gateway.Tests.Hosting;

/// <summary>Checks that every error must pass.</summary>
public static class Answers
{
    public static string Header(this HttpResponseMessage response, string name) => Assert.Single(response.Headers.GetValues(name));

    /// <summary>The error object, after checking the shape of the answer around it.</summary>
    public static async Task<JsonObject> ErrorAsync(this HttpResponseMessage response, int status, string? code, string? param = null)
    {
        var text = await response.Content.ReadAsStringAsync();
        Assert.True((int)response.StatusCode == status, $"expected {status}, got {(int)response.StatusCode}: {text}");
        Assert.Equal("application/json", response.Content.Headers.ContentType!.MediaType);
        Assert.NotEmpty(response.Header(GatewayHeaders.RequestId));
        var error = JsonNode.Parse(text)!["error"]!.AsObject();
        Assert.Equal(["message", "type", "param", "code"], error.Select(member => member.Key));
        Assert.NotEmpty((string)error["message"]!);
        Assert.Equal(status >= 500 ? "server_error" : "invalid_request_error", (string?)error["type"]);
        Assert.Equal(param, (string?)error["param"]);
        Assert.Equal(code, (string?)error["code"]);
        return error;
    }
}
