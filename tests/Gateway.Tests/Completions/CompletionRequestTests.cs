using System.Buffers;
using System.Text;
using Meridian.Gateway.OpenAi.Completions;
using Meridian.Gateway.OpenAi.Generation.Requests;

namespace Meridian.Gateway.Tests.Completions;

public sealed class CompletionRequestTests
{
    [Fact]
    public void Prompts_are_texts_or_tokens()
    {
        Assert.Equal("x", Assert.Single(Read("""{"model":"m","prompt":"x"}""").Input.Prompts).Text);
        Assert.Equal(["x", "", "y"], Read("""{"model":"m","prompt":["x","","y"]}""").Input.Prompts.Select(prompt => prompt.Text));
        Assert.Equal([1, 2], Assert.Single(Read("""{"model":"m","prompt":[1,2]}""").Input.Prompts).TokenIds!);
        Assert.Equal("1,2;3", string.Join(';', Read("""{"model":"m","prompt":[[1,2],[3]]}""").Input.Prompts.Select(prompt => string.Join(',', prompt.TokenIds!))));
    }

    [Fact]
    public void Its_own_fields_and_those_it_shares_are_read()
    {
        var request = Read("""{"model":"m","prompt":["a","b"],"n":4,"best_of":4,"echo":true,"max_tokens":9,"suffix":"","stream":true,"stream_options":null,"temperature":0,"top_k":5,"seed":3}""");
        Assert.True(request.Stream);
        Assert.Equal((4, 9, true, null), (request.Input.ChoicesPerPrompt, request.Input.MaxTokens, request.Input.Echo, request.Input.TopLogprobs));
        Assert.Equal((0f, 5, 3L), (request.Input.Sampling.Temperature, request.Input.Sampling.TopK, request.Input.Sampling.Seed));
        var plain = Read("""{"model":"m","prompt":"x","logprobs":5}""").Input;
        Assert.Equal((16, 5, false), (plain.MaxTokens, plain.TopLogprobs, plain.Echo));
        Assert.Equal(64, Read("""{"model":"m","prompt":["a","b"],"n":64}""").Input.ChoicesPerPrompt);
    }

    public static TheoryData<string, string, string?> Mistakes => new()
    {
        { "", "invalid_json", null },
        { "5", "invalid_type", null },
        { """{"model":"m"}""", "missing_required_parameter", "prompt" },
        { """{"prompt":"x"}""", "missing_required_parameter", "model" },
        { """{"model":"m","prompt":null}""", "invalid_type", "prompt" },
        { """{"model":"m","prompt":5}""", "invalid_type", "prompt" },
        { """{"model":"m","prompt":[]}""", "invalid_value", "prompt" },
        { """{"model":"m","prompt":["x",5]}""", "invalid_type", "prompt[1]" },
        { """{"model":"m","prompt":[1,-2]}""", "invalid_value", "prompt[1]" },
        { """{"model":"m","prompt":[[1],[]]}""", "invalid_value", "prompt[1]" },
        { """{"model":"m","prompt":[[1],[2,"x"]]}""", "invalid_type", "prompt[1][1]" },
        { """{"model":"m","prompt":"\ud800"}""", "invalid_value", "prompt" },
        { "{\"model\":\"m\",\"prompt\":[" + string.Join(',', Enumerable.Repeat("\"x\"", 129)) + "]}", "too_many_items", "prompt" },
        { """{"model":"m","prompt":["a","b"],"n":65}""", "invalid_value", "n" },
        { """{"model":"m","prompt":"x","max_tokens":0}""", "invalid_value", "max_tokens" },
        { """{"model":"m","prompt":"x","logprobs":6}""", "invalid_value", "logprobs" },
        { """{"model":"m","prompt":"x","logprobs":true}""", "invalid_type", "logprobs" },
        { """{"model":"m","prompt":"x","logprobs":0,"echo":true}""", "unsupported_parameter", "logprobs" },
        { """{"model":"m","prompt":"x","echo":1}""", "invalid_type", "echo" },
        { """{"model":"m","prompt":"x","suffix":"y"}""", "unsupported_parameter", "suffix" },
        { """{"model":"m","prompt":"x","best_of":2}""", "unsupported_parameter", "best_of" },
        { """{"model":"m","prompt":"x","best_of":2,"n":3}""", "invalid_value", "best_of" },
        { """{"model":"m","prompt":"x","best_of":0}""", "invalid_value", "best_of" },
        { """{"model":"m","prompt":"x","logprobs":2,"top_logprobs":2}""", "unsupported_parameter", "top_logprobs" },
        { """{"model":"m","prompt":"x","stream":true,"stream_options":{"include_usage":true,"continuous_usage_stats":true}}""", "unsupported_parameter", "stream_options.continuous_usage_stats" },
        { """{"model":"m","prompt":"x","add_special_tokens":false}""", "unsupported_parameter", "add_special_tokens" },
        { """{"model":"m","prompt":"x","stream_options":{}}""", "invalid_value", "stream_options" },
        { """{"model":"m","prompt":"x","response_format":{"type":"json_object"}}""", "unsupported_parameter", "response_format" },
    };

    [Theory]
    [MemberData(nameof(Mistakes))]
    public void A_mistake_names_its_field(string body, string code, string? param)
    {
        var error = CompletionRequestReader.Read(new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes(body)), 0, out _);
        Assert.NotNull(error);
        Assert.True((code, param, 400) == (error.Code, error.Param, error.Status), $"{error.Code} {error.Param}: {error.Message}");
    }

    private static GenerationRequest Read(string body)
    {
        var error = CompletionRequestReader.Read(new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes(body)), 0, out var request);
        Assert.True(error is null, error?.Message);
        return request;
    }
}
