using System.Net;
using System.Net.Sockets;
using System.Text;
using Meridian.Gateway.Tests.Hosting;

namespace Meridian.Gateway.Tests.Errors;

/// <summary>What callers get wrong. None of it may log a warning, which the fixture checks at its end.</summary>
public sealed class CallersMistakesTests(CallersMistakesTests.Fixture fixture) : IClassFixture<CallersMistakesTests.Fixture>
{
    private GatewayHost Host => fixture.Host;

    public static TheoryData<string, string, string?> Bodies => new()
    {
        { "", "invalid_json", null },
        { "   ", "invalid_json", null },
        { "nonsense", "invalid_json", null },
        { "{", "invalid_json", null },
        { """{"model":"minilm","input":"x"} x""", "invalid_json", null },
        { """{"model":"minilm","input":"x",}""", "invalid_json", null },
        { """{"model":"minilm","input":"x" // no""", "invalid_json", null },
        { """{"model":"minilm","input":NaN}""", "invalid_json", null },
        { """{"model":"minilm","input":["x",]}""", "invalid_json", null },
        { """{"model":"minilm","input":[1,[2,}]}""", "invalid_json", null },
        { """{"model":"minilm","\ud800":"x"}""", "invalid_json", null },
        { "{\"model\":\"minilm\",\"input\":\"x\",\"e\":" + new string('[', 1000) + new string(']', 1000) + "}", "invalid_json", null },
        { new string('[', 100_000), "invalid_json", null },
        { "[]", "invalid_type", null },
        { "null", "invalid_type", null },
        { "\"text\"", "invalid_type", null },
        { "{}", "missing_required_parameter", "model" },
        { """{"input":"x"}""", "missing_required_parameter", "model" },
        { """{"model":"minilm"}""", "missing_required_parameter", "input" },
        { """{"model":null,"input":"x"}""", "invalid_type", "model" },
        { """{"model":5,"input":"x"}""", "invalid_type", "model" },
        { """{"model":["minilm"],"input":"x"}""", "invalid_type", "model" },
        { """{"model":"","input":"x"}""", "invalid_value", "model" },
        { """{"model":"\udc00","input":"x"}""", "invalid_value", "model" },
        { """{"model":"minilm","input":null}""", "invalid_type", "input" },
        { """{"model":"minilm","input":5}""", "invalid_type", "input" },
        { """{"model":"minilm","input":true}""", "invalid_type", "input" },
        { """{"model":"minilm","input":{"text":"x"}}""", "invalid_type", "input" },
        { """{"model":"minilm","input":""}""", "invalid_value", "input" },
        { """{"model":"minilm","input":[]}""", "invalid_value", "input" },
        { """{"model":"minilm","input":["x",""]}""", "invalid_value", "input[1]" },
        { """{"model":"minilm","input":["x",5]}""", "invalid_type", "input[1]" },
        { """{"model":"minilm","input":["x",["y"],"z"]}""", "invalid_type", "input[1]" },
        { """{"model":"minilm","input":[null]}""", "invalid_type", "input[0]" },
        { """{"model":"minilm","input":[{"a":[1]},[2],3]}""", "invalid_type", "input[0]" },
        { """{"model":"minilm","input":[1,"x"]}""", "invalid_type", "input[1]" },
        { """{"model":"minilm","input":[1,[2],3]}""", "invalid_type", "input[1]" },
        { """{"model":"minilm","input":[1,-2]}""", "invalid_value", "input[1]" },
        { """{"model":"minilm","input":[1.5]}""", "invalid_value", "input[0]" },
        { """{"model":"minilm","input":[1e400]}""", "invalid_value", "input[0]" },
        { """{"model":"minilm","input":[99999999999999999999999999999999999999999999]}""", "invalid_value", "input[0]" },
        { """{"model":"minilm","input":[[1],[]]}""", "invalid_value", "input[1]" },
        { """{"model":"minilm","input":[[1],2]}""", "invalid_type", "input[1]" },
        { """{"model":"minilm","input":[[1],[2,"x"],[3]]}""", "invalid_type", "input[1][1]" },
        { """{"model":"minilm","input":[[1],[2,[[5]],7],[3]]}""", "invalid_type", "input[1][1]" },
        { """{"model":"minilm","input":"\ud800"}""", "invalid_value", "input" },
        { """{"model":"minilm","input":["ok","\udc00\ud800"]}""", "invalid_value", "input[1]" },
        { """{"model":"minilm","input":"x","encoding_format":"int8"}""", "invalid_value", "encoding_format" },
        { """{"model":"minilm","input":"x","encoding_format":5}""", "invalid_type", "encoding_format" },
        { """{"model":"minilm","input":"x","dimensions":0}""", "invalid_value", "dimensions" },
        { """{"model":"minilm","input":"x","dimensions":-1}""", "invalid_value", "dimensions" },
        { """{"model":"minilm","input":"x","dimensions":1.5}""", "invalid_value", "dimensions" },
        { """{"model":"minilm","input":"x","dimensions":1e999}""", "invalid_value", "dimensions" },
        { """{"model":"minilm","input":"x","dimensions":"384"}""", "invalid_type", "dimensions" },
        { """{"model":"minilm","input":"x","truncate":"yes"}""", "invalid_type", "truncate" },
        { """{"model":"minilm","input":"x","user":5}""", "invalid_type", "user" },
        { """{"model":"minilm","input":"x","model":5}""", "invalid_type", "model" },
        { """{"model":"minilm","input":"x","input":[]}""", "invalid_value", "input" },
    };

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task A_wrong_body_is_a_400_that_names_the_field(string body, string code, string? param)
    {
        using var response = await Host.EmbedAsync(body);
        await response.ErrorAsync(400, code, param);
    }

    [Fact]
    public async Task Malformed_json_is_located()
    {
        using var response = await Host.EmbedAsync("{\"model\":\"minilm\",\n\"input\":oops}");
        var error = await response.ErrorAsync(400, "invalid_json");
        Assert.Contains("line 2, byte 9", (string)error["message"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bytes_that_are_not_utf8_are_refused()
    {
        byte[] body = [.. "{\"model\":\"minilm\",\"input\":[\"fine\",\"\xff\"]}".Select(c => (byte)c)];
        using var response = await Host.SendAsync(body);
        await response.ErrorAsync(400, "invalid_value", "input[1]");
        using var utf16 = await Host.SendAsync(Encoding.Unicode.GetBytes("""{"model":"minilm","input":"x"}"""));
        await utf16.ErrorAsync(400, "invalid_json");
    }

    [Theory]
    [InlineData("\"x\"")]
    [InlineData("[1]")]
    [InlineData("[]")]
    [InlineData("{\"a\":[1]}")]
    public async Task Too_many_items_are_counted_not_kept(string item)
    {
        var first = item is "[]" or "{\"a\":[1]}" ? "[7]" : item;
        using var response = await Host.EmbedAsync("{\"model\":\"minilm\",\"input\":[" + first + string.Concat(Enumerable.Repeat("," + item, 9999)) + "]}");
        var error = await response.ErrorAsync(400, "too_many_items", "input");
        Assert.Contains("10000 items", (string)error["message"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_model_name_longer_than_any_is_not_found_and_not_repeated_in_full()
    {
        using var response = await Host.EmbedAsync($$"""{"model":"{{new string('m', 100_000)}}","input":"x"}""");
        var error = await response.ErrorAsync(404, "model_not_found", "model");
        Assert.InRange(((string)error["message"]!).Length, 1, 200);
    }

    [Fact]
    public async Task A_body_of_50_MB_is_refused_before_it_is_read()
    {
        using var client = new TcpClient();
        await client.ConnectAsync(Host.Address.Host, Host.Address.Port);
        var stream = client.GetStream();
        await stream.WriteAsync("POST /v1/embeddings HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 50000000\r\n\r\n"u8.ToArray());
        // Not a byte of the body was sent: the answer can only come from its announced length.
        using var reader = new StreamReader(stream, Encoding.ASCII);
        Assert.Equal("HTTP/1.1 413 Payload Too Large", await reader.ReadLineAsync());
        var closes = false;
        while (await reader.ReadLineAsync() is { Length: > 0 } header)
        {
            closes |= header == "Connection: close";
        }

        Assert.True(closes);
        var body = new char[40];
        await reader.ReadBlockAsync(body);
        Assert.StartsWith("{\"error\":{\"message\":\"The request body", new string(body), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_that_sends_50_MB_anyway_reads_the_refusal()
    {
        using var response = await Host.SendAsync(new byte[50_000_000]);
        await response.ErrorAsync(413, "request_too_large");
    }

    /// <summary>Bodies whose chunks are none; the fixture checks that nothing was logged.</summary>
    public static TheoryData<string, string> BrokenChunks
    {
        get
        {
            var data = new TheoryData<string, string>();
            string[] chunks =
            [
                "ffffffffffffffff\r\n", "fffffffff\r\n", "7fffffffffffffff\r\n", "80000000\r\n", new string('f', 200) + "\r\n", "-1\r\n", "g\r\n", "\r\n", "0x5\r\n", " 5\r\n", "5;x=y\r\n{\"a\":1}\r\n", "5\r\n{\"a\":1}\r\n",
            ];
            foreach (var path in new[] { "POST /v1/embeddings", "POST /tokenize", "POST /admin/api/drain", "PUT /admin/api/models/minilm/replicas", "PUT /admin/api/directory/policy/minilm" })
            {
                foreach (var chunk in chunks) data.Add(path, chunk);
            }

            return data;
        }
    }

    [Theory, MemberData(nameof(BrokenChunks))]
    public async Task A_chunk_that_is_none_is_the_callers_mistake(string target, string chunk)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(Host.Address.Host, Host.Address.Port);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"{target} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n{chunk}"));
        client.Client.Shutdown(SocketShutdown.Send);
        using var reader = new StreamReader(stream, Encoding.ASCII);

        // A chunk that is well-formed and longer than what came is cut short: the caller hung up, and may get no answer at all.
        var status = await reader.ReadLineAsync();
        Assert.True(status is null || status.StartsWith("HTTP/1.1 4", StringComparison.Ordinal), $"{target} with chunk '{chunk.Trim()}' was answered {status}");
    }

    [Theory]
    [InlineData("chunked, chunked")]
    [InlineData("gzip, chunked")]
    public async Task A_body_whose_end_others_may_see_elsewhere_is_refused(string coding)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(Host.Address.Host, Host.Address.Port);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"POST /v1/embeddings HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: {coding}\r\n\r\n0\r\n\r\n"));
        using var reader = new StreamReader(stream, Encoding.ASCII);
        Assert.Equal("HTTP/1.1 400 Bad Request", await reader.ReadLineAsync());
    }

    [Theory]
    [InlineData("POST /v1/embeddings")]
    [InlineData("POST /tokenize")]
    public async Task A_chunk_size_that_is_no_number_is_a_400(string target)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(Host.Address.Host, Host.Address.Port);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"{target} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffff\r\n"));
        using var reader = new StreamReader(stream, Encoding.ASCII);
        Assert.Equal("HTTP/1.1 400 Bad Request", await reader.ReadLineAsync());
        while (await reader.ReadLineAsync() is { Length: > 0 })
        {
        }

        var body = new char[20];
        await reader.ReadBlockAsync(body);
        Assert.StartsWith("{\"error\":{\"message\"", new string(body), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_chunked_body_is_bounded_while_it_is_read()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/embeddings") { Content = new StreamContent(new MemoryStream(new byte[30_000_000])) };
        request.Content.Headers.ContentType = new("application/json");
        request.Headers.TransferEncodingChunked = true;
        using var response = await Host.Client.SendAsync(request);
        await response.ErrorAsync(413, "request_too_large");
    }

    [Fact]
    public async Task A_compressed_body_is_refused_by_name()
    {
        using var content = new ByteArrayContent([31, 139, 8, 0]);
        content.Headers.ContentType = new("application/json");
        content.Headers.ContentEncoding.Add("gzip");
        using var response = await Host.Client.PostAsync(new Uri("/v1/embeddings", UriKind.Relative), content);
        await response.ErrorAsync(415, "unsupported_media_type", "content-encoding");
    }

    [Theory]
    [InlineData("GET", "/nowhere")]
    [InlineData("POST", "/v1/nothing")]
    [InlineData("GET", "/v1/models/minilm/extra/")]
    [InlineData("GET", "/admin")]
    public async Task An_unknown_route_is_an_error_object(string method, string path)
    {
        using var response = await Host.Client.SendAsync(new HttpRequestMessage(new HttpMethod(method), path));
        await response.ErrorAsync(404, path.StartsWith("/v1/models/", StringComparison.Ordinal) ? "model_not_found" : "unknown_url", path.StartsWith("/v1/models/", StringComparison.Ordinal) ? "model" : null);
    }

    [Theory]
    [InlineData("GET", "/v1/embeddings", "POST")]
    [InlineData("DELETE", "/v1/embeddings", "POST")]
    [InlineData("POST", "/v1/models", "GET, HEAD")]
    [InlineData("DELETE", "/v1/models/minilm", "GET, HEAD")]
    [InlineData("POST", "/healthz", "GET, HEAD")]
    [InlineData("POST", "/admin/api/models/minilm/replicas", "GET, HEAD, PUT")]
    public async Task A_wrong_method_names_the_right_ones(string method, string path, string allowed)
    {
        using var response = await Host.Client.SendAsync(new HttpRequestMessage(new HttpMethod(method), path));
        await response.ErrorAsync(405, "method_not_allowed");
        Assert.Equal(allowed, string.Join(", ", response.Content.Headers.Allow.Order()));
    }

    [Fact]
    public async Task A_body_that_never_comes_ends_at_the_deadline()
    {
        using var client = new TcpClient();
        await client.ConnectAsync(Host.Address.Host, Host.Address.Port);
        var stream = client.GetStream();
        await stream.WriteAsync("POST /v1/embeddings HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\nx-meridian-deadline-ms: 50\r\nconnection: close\r\ncontent-length: 100\r\n\r\n{\"model\":"u8.ToArray());
        using var reader = new StreamReader(stream, Encoding.ASCII);
        Assert.Equal("HTTP/1.1 408 Request Timeout", await reader.ReadLineAsync());
    }

    [Fact]
    public async Task A_client_that_hangs_up_in_the_middle_of_its_body_harms_nobody()
    {
        for (var i = 0; i < 20; i++)
        {
            using var client = new TcpClient();
            await client.ConnectAsync(Host.Address.Host, Host.Address.Port);
            await client.GetStream().WriteAsync("POST /v1/embeddings HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{\"model\":"u8.ToArray());
            client.LingerState = new LingerOption(i % 2 == 0, 0);
        }

        using var response = await Host.EmbedAsync("""{"model":"minilm","input":"x"}""");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task A_client_that_hangs_up_while_the_edge_works_cancels_the_work()
    {
        await using var host = await GatewayHost.StartAsync();
        var entered = new TaskCompletionSource();
        var cancelled = new TaskCompletionSource();
        host.Edge.Respond = async (request, cancellationToken) =>
        {
            entered.SetResult();
            try
            {
                await Task.Delay(Timeout.Infinite, cancellationToken);
            }
            finally
            {
                cancelled.SetResult();
            }

            return EdgeDouble.Embed(request, 4);
        };
        using var hangUp = new CancellationTokenSource();
        using var content = new StringContent("""{"model":"minilm","input":"x"}""", Encoding.UTF8, "application/json");
        var request = host.Client.PostAsync(new Uri("/v1/embeddings", UriKind.Relative), content, hangUp.Token);
        await entered.Task;
        await hangUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => request);
        await cancelled.Task.WaitAsync(TimeSpan.FromSeconds(30));
        host.Edge.Respond = (next, _) => Task.FromResult(EdgeDouble.Embed(next, 4));
        using var response = await host.EmbedAsync("""{"model":"minilm","input":"x"}""");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Empty(host.Log.Entries);
    }

    public sealed class Fixture : IAsyncLifetime
    {
        public GatewayHost Host { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Host = await GatewayHost.StartAsync();

        public async ValueTask DisposeAsync()
        {
            // Stopping waits for what is under way, so that nothing is logged after the check.
            await Host.App.StopAsync();
            Assert.Empty(Host.Log.Entries);
            await Host.DisposeAsync();
        }
    }
}
