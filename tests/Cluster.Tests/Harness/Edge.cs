using System.Net.Http.Json;
using System.Text.Json;

namespace Meridian.Cluster.Tests.Harness;

/// <summary>An address that callers use: a front door or a region's facade.</summary>
public sealed class Edge(Uri address, HttpClient http)
{
    public Uri Address { get; } = address;

    public async Task<bool> IsReadyAsync(CancellationToken token)
    {
        using var response = await http.GetAsync(new Uri(Address, "readyz"), token);
        return response.IsSuccessStatusCode;
    }

    public async Task<RegionReport[]> RegionsAsync(CancellationToken token) =>
        RegionReport.Parse(await http.GetStringAsync(new Uri(Address, "admin/api/regions"), token));

    /// <summary>Embeds texts; fails with the answer's body where it is not a 200.</summary>
    public async Task<EmbeddingAnswer> EmbedAsync(string model, string[] texts, CancellationToken token = default)
    {
        using var response = await http.PostAsJsonAsync(new Uri(Address, "v1/embeddings"), new { model, input = texts, encoding_format = "float" }, token);
        var body = await response.Content.ReadAsStringAsync(token);
        if (!response.IsSuccessStatusCode)
        {
            throw new HttpRequestException($"{Address}v1/embeddings answered {(int)response.StatusCode}: {body}", null, response.StatusCode);
        }

        using var document = JsonDocument.Parse(body);
        return new EmbeddingAnswer(
            [.. document.RootElement.GetProperty("data").EnumerateArray().Select(d => d.GetProperty("embedding").EnumerateArray().Select(x => x.GetSingle()).ToArray())],
            response.Headers.ToDictionary(h => h.Key.ToLowerInvariant(), h => string.Join(',', h.Value)));
    }
}
