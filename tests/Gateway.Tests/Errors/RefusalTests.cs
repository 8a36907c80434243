using System.Net;
using Meridian.Errors;
using Meridian.Federation.Edge;
using Meridian.Gateway.Http;
using Meridian.Gateway.Tests.Hosting;
using Meridian.Messages;
using Microsoft.Extensions.Logging;

namespace Meridian.Gateway.Tests.Errors;

public sealed class RefusalTests
{
    private const string Request = """{"model":"minilm","input":"x"}""";

    [Theory]
    [InlineData(RefusalCode.InvalidInput, "dimensions", 0, 400, "invalid_value", "dimensions", null, null)]
    [InlineData(RefusalCode.InputTooLong, "input[3]", 0, 400, "context_length_exceeded", "input[3]", null, null)]
    [InlineData(RefusalCode.InputTooLong, null, 0, 400, "context_length_exceeded", "input", null, null)]
    [InlineData(RefusalCode.ModelNotFound, null, 0, 404, "model_not_found", "model", null, null)]
    [InlineData(RefusalCode.NoCapacity, null, 250, 503, "no_capacity", null, "1", "true")]
    [InlineData(RefusalCode.NoCapacity, null, 2001, 503, "no_capacity", null, "3", "true")]
    [InlineData(RefusalCode.NotReady, null, 0, 503, "no_capacity", null, "1", "true")]
    [InlineData(RefusalCode.RegionLost, null, 0, 503, "region_unavailable", null, "1", "true")]
    [InlineData(RefusalCode.ResidencyUnavailable, null, 0, 503, "residency_unavailable", null, "1", "false")]
    [InlineData(RefusalCode.ResidencyUnavailable, null, 500, 503, "residency_unavailable", null, "1", "true")]
    [InlineData(RefusalCode.Deadline, null, 0, 504, "deadline", null, null, "false")]
    [InlineData(RefusalCode.Internal, null, 0, 500, "internal", null, null, null)]
    public async Task A_refusal_becomes_the_error_it_documents(
        RefusalCode refusal, string? refusalParam, int retryAfterMs, int status, string code, string? param, string? retryAfter, string? shouldRetry)
    {
        await using var host = await GatewayHost.StartAsync();
        host.Edge.Respond = (_, _) => Task.FromResult(EdgeDouble.Refuse(refusal, "Because 'so' \"it\" is: ü 😀.", refusalParam, retryAfterMs));
        using var response = await host.EmbedAsync(Request);
        var error = await response.ErrorAsync(status, code, param);
        Assert.Equal("Because 'so' \"it\" is: ü 😀.", (string)error["message"]!);
        Assert.Equal("2", response.Header(GatewayHeaders.Attempts));
        Assert.Equal(retryAfter, response.Headers.TryGetValues("retry-after", out var seconds) ? Assert.Single(seconds) : null);
        Assert.Equal(shouldRetry, response.Headers.TryGetValues(GatewayHeaders.ShouldRetry, out var retry) ? Assert.Single(retry) : null);
        Assert.Equal(status == 503, response.Headers.Contains(GatewayHeaders.RetryAfterMs));
        Assert.True(response.Headers.Contains(GatewayHeaders.ProcessingMs));
        Assert.Empty(host.Log.Entries);
    }

    [Fact]
    public async Task A_fault_is_a_500_with_the_id_and_logged_once()
    {
        await using var host = await GatewayHost.StartAsync();
        host.Edge.Respond = (_, _) => throw new InvalidOperationException("secret detail");
        using var response = await host.SendAsync("""{"model":"minilm","input":"x"}"""u8.ToArray(), (GatewayHeaders.RequestId, "my-id"), ("authorization", "Bearer sk-secret"));
        var error = await response.ErrorAsync(500, "internal");
        Assert.Contains("my-id", (string)error["message"]!, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", (string)error["message"]!, StringComparison.Ordinal);
        Assert.Equal("my-id", response.Header(GatewayHeaders.RequestId));
        var entry = Assert.Single(host.Log.Entries);
        Assert.Equal(LogLevel.Error, entry.Level);
        Assert.Equal(5000, entry.Id.Id);
        Assert.Contains("my-id", entry.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("sk-secret", entry.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_answer_of_the_wrong_shape_is_a_fault_of_ours()
    {
        await using var host = await GatewayHost.StartAsync();
        var good = (EdgeAnswer answer, Func<EmbeddingOutput, EmbeddingOutput> change) =>
        {
            var result = answer.Reply.Result!;
            return answer with { Reply = InferReply.Of(result with { Output = change((EmbeddingOutput)result.Output) }) };
        };
        Func<EmbeddingOutput, EmbeddingOutput>[] wrong =
        [
            output => output with { Rows = 2 },
            output => output with { Dimensions = 5 },
            output => output with { Vectors = [0, 0, 192, 127, .. output.Vectors[4..]] },
        ];
        foreach (var change in wrong)
        {
            host.Edge.Respond = (request, _) => Task.FromResult(good(EdgeDouble.Embed(request, 4), change));
            using var response = await host.EmbedAsync(Request);
            await response.ErrorAsync(500, "internal");
        }
    }

    [Fact]
    public async Task A_refusal_that_is_thrown_is_answered_like_one_that_is_returned()
    {
        await using var host = await GatewayHost.StartAsync();
        host.Edge.Respond = (_, _) => throw new MeridianException(new Refusal { Code = RefusalCode.NoCapacity, Message = "Full.", RetryAfterMs = 700 });
        using var response = await host.EmbedAsync(Request);
        await response.ErrorAsync((int)HttpStatusCode.ServiceUnavailable, "no_capacity");
        Assert.Equal("700", response.Header(GatewayHeaders.RetryAfterMs));
        Assert.Empty(host.Log.Entries);
    }
}
