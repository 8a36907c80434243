using System.Net;
using System.Text.Json;
using Meridian.Cluster.Tests.Harness;

namespace Meridian.Cluster.Tests.Serving;

[Collection(ThreeRegionsCollection.Name)]
public sealed class EdgeTests(ThreeRegions three)
{
    private static readonly string[] Texts =
    [
        "A quick brown fox.", "Die Würde des Menschen ist unantastbar.", "東京は日本の首都です。", "Привет, мир!", "مرحبا بالعالم", "emoji 👩‍🚀 and a tab\t.",
        "a much longer sentence that goes on for a while so that it lands in another bucket of the batch than the short ones do, as lengths differ",
    ];

    private DevInstallation Installation => three.Installation;

    private IEnumerable<Edge> AllEdges => [Installation.FrontDoor, .. Installation.Regions.Select(Installation.Facade)];

    [Fact]
    public async Task Every_edge_gives_the_same_vectors()
    {
        EmbeddingAnswer? first = null;
        foreach (var edge in AllEdges)
        {
            var answer = await edge.EmbedAsync("minilm", Texts);
            first ??= answer;
            Assert.Equal(Texts.Length, answer.Vectors.Length);
            for (var i = 0; i < Texts.Length; i++)
            {
                Assert.Equal(384, answer.Vectors[i].Length);
                Assert.Equal(first.Vectors[i], answer.Vectors[i]);
            }
        }
    }

    [Fact]
    public async Task Every_answer_says_who_served_it()
    {
        foreach (var edge in AllEdges)
        {
            var headers = (await edge.EmbedAsync("minilm", ["who serves?"])).Headers;
            Assert.Contains(headers["x-meridian-region"], Installation.Regions);
            Assert.NotEmpty(headers["x-meridian-model-version"]);
            Assert.Equal("1", headers["x-meridian-attempts"]);
            Assert.NotEmpty(headers["x-request-id"]);
        }
    }

    [Fact]
    public async Task The_admin_api_shows_every_region_from_every_edge()
    {
        foreach (var edge in AllEdges)
        {
            var regions = await Eventually.AnswersAsync<RegionReport[]>(
                async token => await edge.RegionsAsync(token) is var seen && seen.All(r => r.Serves("minilm")) ? seen : null,
                $"{edge.Address} to see every region ready",
                TimeSpan.FromSeconds(20),
                () => Installation.Supervisor.Tail());
            Assert.Equal(Installation.Regions.Order(), regions.Select(r => r.Name).Order());
            Assert.Equal(["apac", "eu", "us"], regions.Select(r => r.Jurisdiction).Order());
            Assert.All(regions, r => Assert.Equal(1, r.Model("minilm")!.Desired));
            Assert.All(regions, r => Assert.Null(r.Model("minilm")!.Problem));
        }
    }

    [Fact]
    public async Task Every_edge_lists_the_models()
    {
        foreach (var edge in AllEdges)
        {
            using var http = new HttpClient { BaseAddress = edge.Address };
            using var list = JsonDocument.Parse(await http.GetStringAsync("v1/models"));
            Assert.Contains(list.RootElement.GetProperty("data").EnumerateArray(), m => m.GetProperty("id").GetString() == "minilm");
            using var missing = await http.GetAsync("v1/models/none");
            Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);
        }
    }

    [Theory]
    [InlineData("healthz", "")]
    [InlineData("readyz", "")]
    [InlineData("openapi/v1.json", "/v1/embeddings")]
    public async Task Every_edge_answers(string path, string holds)
    {
        foreach (var edge in AllEdges)
        {
            using var http = new HttpClient { BaseAddress = edge.Address };
            Assert.Contains(holds, await http.GetStringAsync(path), StringComparison.Ordinal);
        }
    }
}
