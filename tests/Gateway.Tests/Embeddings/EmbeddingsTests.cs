using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;
using System.Text;
using Meridian.Gateway.Http;
using Meridian.Gateway.Tests.Hosting;

namespace Meridian.Gateway.Tests.Embeddings;

public sealed class EmbeddingsTests(EmbeddingsTests.Fixture fixture) : IClassFixture<EmbeddingsTests.Fixture>
{
    private GatewayHost Host => fixture.Host;

    [Fact]
    public async Task A_text_gets_a_vector_and_the_headers_say_where_from()
    {
        using var response = await Host.EmbedAsync("""{"model":"minilm","input":"hello"}""");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("application/json", response.Content.Headers.ContentType!.MediaType);
        Assert.NotNull(response.Content.Headers.ContentLength);
        Assert.Equal("eastus", response.Header(GatewayHeaders.Region));
        Assert.Equal(EdgeDouble.Version, response.Header(GatewayHeaders.ModelVersion));
        Assert.Equal("1", response.Header(GatewayHeaders.Attempts));
        Assert.True(int.Parse(response.Header(GatewayHeaders.ProcessingMs), CultureInfo.InvariantCulture) >= 0);
        Assert.StartsWith("req_", response.Header(GatewayHeaders.RequestId), StringComparison.Ordinal);

        var body = await GatewayHost.JsonAsync(response);
        Assert.Equal("list", (string)body["object"]!);
        Assert.Equal("minilm", (string)body["model"]!);
        Assert.Equal(3, (int)body["usage"]!["prompt_tokens"]!);
        Assert.Equal(3, (int)body["usage"]!["total_tokens"]!);
        var item = Assert.Single(body["data"]!.AsArray())!;
        Assert.Equal("embedding", (string)item["object"]!);
        Assert.Equal(0, (int)item["index"]!);
        Assert.Equal([1 / 3f, 1 / 4f, 1 / 5f, 1 / 6f], item["embedding"]!.AsArray().Select(component => (float)component!));
        Assert.Equal(["hello"], Host.Edge.LastInput.Texts!);
        Assert.Equal("default", Host.Edge.Last!.Tenant);
        Assert.Null(Host.Edge.Last.Residency);
        Assert.InRange(Host.Edge.Last.RemainingMs, 500_000, 600_000);
    }

    [Fact]
    public async Task Base64_carries_the_same_bytes_as_the_floats()
    {
        using var floats = await Host.EmbedAsync("""{"model":"minilm","input":["a","b","c"],"encoding_format":"float","dimensions":7}""");
        using var base64 = await Host.EmbedAsync("""{"model":"minilm","input":["a","b","c"],"encoding_format":"base64","dimensions":7}""");
        var expected = (await GatewayHost.JsonAsync(floats))["data"]!.AsArray();
        var actual = (await GatewayHost.JsonAsync(base64))["data"]!.AsArray();
        Assert.Equal(3, actual.Count);
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(i, (int)actual[i]!["index"]!);
            var vector = MemoryMarshal.Cast<byte, float>(Convert.FromBase64String((string)actual[i]!["embedding"]!)).ToArray();
            Assert.Equal(expected[i]!["embedding"]!.AsArray().Select(component => (float)component!), vector);
            Assert.Equal(EdgeDouble.Component(i, 6), vector[6]);
        }
    }

    [Theory]
    [InlineData("[5,6,7]", 1)]
    [InlineData("[[5,6,7]]", 1)]
    [InlineData("[[5,6,7],[0],[2147483647]]", 3)]
    public async Task Token_arrays_pass_as_ids(string input, int items)
    {
        using var response = await Host.EmbedAsync($$"""{"input":{{input}},"model":"minilm"}""");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(items, Host.Edge.LastInput.Count);
        Assert.Equal([5, 6, 7], Host.Edge.LastInput.TokenIds![0]);
        Assert.Null(Host.Edge.LastInput.Texts);
    }

    [Fact]
    public async Task Known_and_unknown_harmless_fields_are_taken_and_the_last_of_a_repeated_one_counts()
    {
        using var response = await Host.EmbedAsync(
            """{"model":5,"input":[],"extra":{"deep":[[{"a":[1,2,{"b":null}]}]]},"user":"me","truncate":true,"dimensions":0,"dimensions":9,"encoding_format":null,"model":"minilm","inp\u0075t":"x\u0000y 😀"}""");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(["x\0y 😀"], Host.Edge.LastInput.Texts!);
        Assert.Equal(9, Host.Edge.LastInput.Dimensions);
        Assert.True(Host.Edge.LastInput.Truncate);
    }

    [Fact]
    public async Task An_answer_of_many_rows_streams_whole()
    {
        var input = string.Join(',', Enumerable.Range(0, 2048).Select(i => $"\"text {i}\""));
        foreach (var format in (string[])["float", "base64"])
        {
            using var response = await Host.EmbedAsync($$"""{"model":"minilm","input":[{{input}}],"dimensions":384,"encoding_format":"{{format}}"}""");
            var data = (await GatewayHost.JsonAsync(response))["data"]!.AsArray();
            Assert.Equal(2048, data.Count);
            Assert.Equal(2047, (int)data[2047]!["index"]!);
        }

        Assert.Equal("text 2047", Host.Edge.LastInput.Texts![2047]);
    }

    [Fact]
    public async Task The_largest_sensible_request_fits_in_whatever_pieces_it_arrives()
    {
        var row = "[" + string.Join(", ", Enumerable.Repeat("30521", 256)) + "]";
        var json = "{\"model\":\"minilm\",\"input\":[" + string.Join(",", Enumerable.Repeat(row, 2048)) + "]}";
        using var response = await Host.EmbedAsync(json);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(2048, Host.Edge.LastInput.Count);
        Assert.All(Host.Edge.LastInput.TokenIds!, ids => Assert.Equal(256, ids.Length));
        Assert.All(Host.Edge.LastInput.TokenIds![1000], id => Assert.Equal(30521, id));
    }

    [Fact]
    public async Task A_chunked_body_is_taken()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/embeddings") { Content = new StreamContent(new MemoryStream("""{"model":"minilm","input":"chunks"}"""u8.ToArray())) };
        request.Content.Headers.ContentType = new("application/json");
        request.Headers.TransferEncodingChunked = true;
        using var response = await Host.Client.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(["chunks"], Host.Edge.LastInput.Texts!);
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("application/json; charset=utf-8")]
    [InlineData("Application/JSON")]
    public async Task Json_may_be_declared_in_any_spelling(string type)
    {
        using var content = new ByteArrayContent("""{"model":"minilm","input":"x"}"""u8.ToArray());
        content.Headers.TryAddWithoutValidation("content-type", type);
        using var response = await Host.Client.PostAsync(new Uri("/v1/embeddings", UriKind.Relative), content);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task A_sane_request_id_is_echoed_and_travels_and_another_is_replaced()
    {
        var body = Encoding.UTF8.GetBytes("""{"model":"minilm","input":"x"}""");
        using var echoed = await Host.SendAsync(body, (GatewayHeaders.RequestId, "my-id/7!~"));
        Assert.Equal("my-id/7!~", echoed.Header(GatewayHeaders.RequestId));
        Assert.Equal("my-id/7!~", Host.Edge.Last!.RequestId);
        foreach (var strange in (string[])[new string('x', 129), "two words", "tab\tid"])
        {
            using var drawn = await Host.SendAsync(body, (GatewayHeaders.RequestId, strange));
            Assert.StartsWith("req_", drawn.Header(GatewayHeaders.RequestId), StringComparison.Ordinal);
            Assert.Equal(drawn.Header(GatewayHeaders.RequestId), Host.Edge.Last!.RequestId);
        }
    }

    [Fact]
    public async Task Deadline_and_residency_headers_narrow_the_request()
    {
        using var response = await Host.SendAsync(
            Encoding.UTF8.GetBytes("""{"model":"minilm","input":"x"}"""),
            (GatewayHeaders.Deadline, "1500"),
            (GatewayHeaders.Residency, "eu, us-gov"));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.InRange(Host.Edge.Last!.RemainingMs, 1, 1500);
        Assert.Equal(["eu", "us-gov"], Host.Edge.Last.Residency!);
    }

    [Theory]
    [InlineData(GatewayHeaders.Deadline, "0")]
    [InlineData(GatewayHeaders.Deadline, "600001")]
    [InlineData(GatewayHeaders.Deadline, "-5")]
    [InlineData(GatewayHeaders.Deadline, "1e3")]
    [InlineData(GatewayHeaders.Deadline, "soon")]
    [InlineData(GatewayHeaders.Residency, "EU")]
    [InlineData(GatewayHeaders.Residency, "eu,,us")]
    [InlineData(GatewayHeaders.Residency, "eu;us")]
    [InlineData(GatewayHeaders.Residency, "a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q")]
    public async Task A_header_that_cannot_be_read_is_refused_not_ignored(string name, string value)
    {
        using var response = await Host.SendAsync(Encoding.UTF8.GetBytes("""{"model":"minilm","input":"x"}"""), (name, value));
        await response.ErrorAsync(400, "invalid_header", name);
    }

    public sealed class Fixture : IAsyncLifetime
    {
        public GatewayHost Host { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Host = await GatewayHost.StartAsync();

        public ValueTask DisposeAsync()
        {
            Assert.Empty(Host.Log.Entries);
            return Host.DisposeAsync();
        }
    }
}
