using System.Text;
using System.Text.Json.Nodes;

namespace Meridian.Gateway.Tests.Hosting;

/// <summary>Reads server-sent events strictly: every one is <c>data: JSON</c> or a comment, and ends with an empty line.</summary>
public static class Events
{
    /// <summary>The payloads of a whole body, comments left out.</summary>
    public static async Task<List<string>> EventsAsync(this HttpResponseMessage response)
    {
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.ToString());
        return Parse(new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(await response.Content.ReadAsByteArrayAsync()));
    }

    public static List<string> Parse(string body)
    {
        Assert.EndsWith("\n\n", body, StringComparison.Ordinal);
        List<string> payloads = [];
        foreach (var text in body[..^2].Split("\n\n"))
        {
            Assert.DoesNotContain('\n', text);
            if (text.StartsWith(": ", StringComparison.Ordinal))
            {
                continue;
            }

            Assert.StartsWith("data: ", text, StringComparison.Ordinal);
            payloads.Add(text[6..]);
        }

        return payloads;
    }

    /// <summary>All of a stream's chunks, after checking that they say the same of themselves and that the stream is done.</summary>
    public static List<JsonObject> Chunks(this List<string> payloads)
    {
        Assert.Equal("[DONE]", payloads[^1]);
        var chunks = payloads[..^1].ConvertAll(payload => JsonNode.Parse(payload)!.AsObject());
        foreach (var name in (string[])["id", "object", "created", "model", "system_fingerprint"])
        {
            Assert.Single(chunks.Select(chunk => chunk[name]!.ToJsonString()).Distinct());
        }

        return chunks;
    }
}
