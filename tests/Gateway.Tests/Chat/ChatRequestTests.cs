using System.Buffers;
using System.Text;
using System.Text.Json.Nodes;
using Meridian.Gateway.OpenAi.Chat;
using Meridian.Gateway.OpenAi.Generation.Requests;
using Meridian.Messages;

namespace Meridian.Gateway.Tests.Chat;

public sealed class ChatRequestTests
{
    private const string Plain = """{"model":"m","messages":[{"role":"user","content":"hi"}]""";

    [Fact]
    public void Every_field_is_read_as_it_was_meant()
    {
        var request = Read("""
            {
              "model": "m", "max_completion_tokens": 7, "n": 3, "temperature": 0.5, "top_p": 0.25, "top_k": 40, "min_p": 0.125, "repetition_penalty": 1.5,
              "presence_penalty": -2, "frequency_penalty": 2, "logit_bias": {"5": -100, "0": 3.5, "5": 1}, "stop": ["a", "\n\n"], "seed": -9007199254740993,
              "logprobs": true, "top_logprobs": 20, "stream": true, "stream_options": {"include_usage": true, "include_obfuscation": false, "other": [1]},
              "ignore_eos": true, "user": "u", "metadata": {"a": "b"}, "store": true, "service_tier": "auto", "prompt_cache_key": "k", "safety_identifier": "s",
              "tools": [], "tool_choice": "none", "functions": null, "function_call": "none", "parallel_tool_calls": true, "response_format": {"type": "text"},
              "modalities": ["text"], "audio": null, "prediction": {"type": "content", "content": "x"}, "reasoning_effort": "none", "verbosity": "medium", "future": {"x": [1]},
              "messages": [
                {"role": "system", "content": "S"},
                {"role": "developer", "content": [{"type": "text", "text": "a"}, {"text": "é", "type": "text", "cache_control": {}}, {"type": "text", "text": ""}]},
                {"role": "user", "content": "", "name": "Ann"},
                {"role": "assistant", "content": "A", "refusal": null, "tool_calls": [], "audio": null, "annotations": []}
              ]
            }
            """);
        Assert.Equal("m", request.Model);
        Assert.True(request.Stream);
        Assert.True(request.IncludeUsage);
        var input = request.Input;
        Assert.Equal((7, 3, 20, true, false), (input.MaxTokens, input.ChoicesPerPrompt, input.TopLogprobs, input.IgnoreEndOfText, input.Echo));
        Assert.Equal(["a", "\n\n"], input.Stop);
        var sampling = input.Sampling;
        Assert.Equal((0.5f, 0.25f, 40, 0.125f, 1.5f, -2f, 2f), (sampling.Temperature, sampling.TopP, sampling.TopK, sampling.MinP, sampling.RepetitionPenalty, sampling.PresencePenalty, sampling.FrequencyPenalty));
        Assert.Equal(-9007199254740993, sampling.Seed);
        Assert.Equal([new LogitBias(5, 1), new LogitBias(0, 3.5f)], sampling.LogitBias);
        var messages = Assert.Single(input.Prompts).Messages!;
        Assert.Equal([("system", "S", null), ("developer", "aé", null), ("user", "", "Ann"), ("assistant", "A", null)], messages.Select(m => (m.Role, m.Content, m.Name)));
    }

    [Fact]
    public void Defaults_are_those_of_the_api()
    {
        foreach (var body in (string[])[Plain + "}", Plain + ""","max_tokens":null,"n":null,"temperature":null,"top_p":null,"top_k":null,"min_p":null,"repetition_penalty":null,"presence_penalty":null,"frequency_penalty":null,"logit_bias":null,"stop":null,"seed":null,"logprobs":null,"top_logprobs":null,"stream":null,"stream_options":null,"ignore_eos":null,"user":null,"metadata":null,"store":null,"response_format":null,"modalities":null}"""])
        {
            var request = Read(body, 42);
            Assert.False(request.Stream);
            Assert.False(request.IncludeUsage);
            Assert.Equal((null, 1, null, false), (request.Input.MaxTokens, request.Input.ChoicesPerPrompt, request.Input.TopLogprobs, request.Input.IgnoreEndOfText));
            Assert.Empty(request.Input.Stop);
            Assert.Equal(new SamplingInput { Seed = 42, LogitBias = request.Input.Sampling.LogitBias }, request.Input.Sampling);
            Assert.Empty(request.Input.Sampling.LogitBias);
        }
    }

    [Theory]
    [InlineData(""","stop":"x"}""", "x")]
    [InlineData(""","stop":[]}""", "")]
    [InlineData(""","stop":["a","b","c","d"]}""", "a,b,c,d")]
    public void Stop_is_one_or_up_to_four(string rest, string expected) => Assert.Equal(expected, string.Join(',', Read(Plain + rest).Input.Stop));

    [Fact]
    public void A_nucleus_of_nothing_is_the_best_token_and_all_candidates_have_two_names()
    {
        var sampling = Read(Plain + ""","top_p":0,"top_k":-1,"logprobs":true}""").Input;
        Assert.Equal(float.Epsilon, sampling.Sampling.TopP);
        Assert.Equal(0, sampling.Sampling.TopK);
        Assert.Equal(0, sampling.TopLogprobs);
    }

    [Fact]
    public void Both_names_of_the_most_tokens_may_agree() => Assert.Equal(5, Read(Plain + ""","max_tokens":5,"max_completion_tokens":5}""").Input.MaxTokens);

    [Fact]
    public void Of_a_repeated_field_the_last_counts_its_mistakes_included()
    {
        Assert.Equal(1, Read(Plain + ""","temperature":9,"temperature":1,"tools":[{}],"tools":null,"stop":5,"stop":"x"}""").Input.Sampling.Temperature);
        Refused(Plain + ""","temperature":1,"temperature":9}""", "invalid_value", "temperature");
        Refused(Plain + ""","messages":[]}""", "invalid_value", "messages");
    }

    public static TheoryData<string, string, string?> Mistakes => new()
    {
        { "", "invalid_json", null },
        { "[]", "invalid_type", null },
        { "{", "invalid_json", null },
        { "{}", "missing_required_parameter", "messages" },
        { """{"messages":[{"role":"user","content":"x"}]}""", "missing_required_parameter", "model" },
        { """{"model":"m"}""", "missing_required_parameter", "messages" },
        { """{"model":5,"messages":[{"role":"user","content":"x"}]}""", "invalid_type", "model" },
        { """{"model":null,"messages":[{"role":"user","content":"x"}]}""", "invalid_type", "model" },
        { """{"model":"","messages":[{"role":"user","content":"x"}]}""", "invalid_value", "model" },
        { """{"model":"m","messages":null}""", "invalid_type", "messages" },
        { """{"model":"m","messages":[]}""", "invalid_value", "messages" },
        { """{"model":"m","messages":"hi"}""", "invalid_type", "messages" },
        { """{"model":"m","messages":["hi"]}""", "invalid_type", "messages[0]" },
        { """{"model":"m","messages":[{}]}""", "missing_required_parameter", "messages[0].role" },
        { """{"model":"m","messages":[{"role":"user"}]}""", "missing_required_parameter", "messages[0].content" },
        { """{"model":"m","messages":[{"role":"assistant","content":null}]}""", "missing_required_parameter", "messages[0].content" },
        { """{"model":"m","messages":[{"content":"x"}]}""", "missing_required_parameter", "messages[0].role" },
        { """{"model":"m","messages":[{"role":"user","content":"x"},{"role":"robot","content":"x"}]}""", "invalid_value", "messages[1].role" },
        { """{"model":"m","messages":[{"role":"tool","content":"x","tool_call_id":"y"}]}""", "unsupported_parameter", "messages[0].role" },
        { """{"model":"m","messages":[{"role":"function","content":"x"}]}""", "unsupported_parameter", "messages[0].role" },
        { """{"model":"m","messages":[{"role":5,"content":"x"}]}""", "invalid_type", "messages[0].role" },
        { """{"model":"m","messages":[{"role":"user","content":5}]}""", "invalid_type", "messages[0].content" },
        { """{"model":"m","messages":[{"role":"user","content":{"a":[1]}}]}""", "invalid_type", "messages[0].content" },
        { """{"model":"m","messages":[{"role":"user","content":[]}]}""", "invalid_value", "messages[0].content" },
        { """{"model":"m","messages":[{"role":"user","content":["x"]}]}""", "invalid_type", "messages[0].content[0]" },
        { """{"model":"m","messages":[{"role":"user","content":[{"text":"x"}]}]}""", "missing_required_parameter", "messages[0].content[0].type" },
        { """{"model":"m","messages":[{"role":"user","content":[{"type":"text"}]}]}""", "missing_required_parameter", "messages[0].content[0].text" },
        { """{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":5}]}]}""", "invalid_type", "messages[0].content[0].text" },
        { """{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"x"},{"type":"image_url","image_url":{"url":"data:,"}}]}]}""", "unsupported_parameter", "messages[0].content[1]" },
        { """{"model":"m","messages":[{"role":"user","content":"x","name":5}]}""", "invalid_type", "messages[0].name" },
        { """{"model":"m","messages":[{"role":"assistant","content":"x","tool_calls":[{"id":"a","type":"function"}]}]}""", "unsupported_parameter", "messages[0]" },
        { """{"model":"m","messages":[{"role":"assistant","content":"x","function_call":{"name":"f"}}]}""", "unsupported_parameter", "messages[0]" },
        { """{"model":"m","messages":[{"role":"user","content":"\ud800"}]}""", "invalid_value", "messages[0].content" },
        { """{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"\udc00"}]}]}""", "invalid_value", "messages[0].content[0].text" },
        { Plain + ""","max_tokens":0}""", "invalid_value", "max_tokens" },
        { Plain + ""","max_tokens":-1}""", "invalid_value", "max_tokens" },
        { Plain + ""","max_tokens":1.5}""", "invalid_value", "max_tokens" },
        { Plain + ""","max_tokens":1e999}""", "invalid_value", "max_tokens" },
        { Plain + ""","max_tokens":"5"}""", "invalid_type", "max_tokens" },
        { Plain + ""","max_tokens":5,"max_completion_tokens":6}""", "invalid_value", "max_tokens" },
        { Plain + ""","max_completion_tokens":0}""", "invalid_value", "max_completion_tokens" },
        { Plain + ""","n":0}""", "invalid_value", "n" },
        { Plain + ""","n":129}""", "invalid_value", "n" },
        { Plain + ""","temperature":NaN}""", "invalid_json", null },
        { Plain + ""","temperature":Infinity}""", "invalid_json", null },
        { Plain + ""","temperature":"NaN"}""", "invalid_type", "temperature" },
        { Plain + ""","temperature":1e999}""", "invalid_value", "temperature" },
        { Plain + ""","temperature":-1e999}""", "invalid_value", "temperature" },
        { Plain + ""","temperature":2.0000001}""", "invalid_value", "temperature" },
        { Plain + ""","temperature":-0.1}""", "invalid_value", "temperature" },
        { Plain + ""","temperature":[1]}""", "invalid_type", "temperature" },
        { Plain + ""","top_p":1.1}""", "invalid_value", "top_p" },
        { Plain + ""","top_k":-2}""", "invalid_value", "top_k" },
        { Plain + ""","min_p":-1}""", "invalid_value", "min_p" },
        { Plain + ""","repetition_penalty":0}""", "invalid_value", "repetition_penalty" },
        { Plain + ""","repetition_penalty":1e-300}""", "invalid_value", "repetition_penalty" },
        { Plain + ""","presence_penalty":2.5}""", "invalid_value", "presence_penalty" },
        { Plain + ""","frequency_penalty":true}""", "invalid_type", "frequency_penalty" },
        { Plain + ""","logit_bias":[1]}""", "invalid_type", "logit_bias" },
        { Plain + ""","logit_bias":{"a":1}}""", "invalid_value", "logit_bias.a" },
        { Plain + ""","logit_bias":{"-1":1}}""", "invalid_value", "logit_bias.-1" },
        { Plain + ""","logit_bias":{"99999999999":1}}""", "invalid_value", "logit_bias.99999999999" },
        { Plain + ""","logit_bias":{"7":101}}""", "invalid_value", "logit_bias.7" },
        { Plain + ""","logit_bias":{"7":"1"}}""", "invalid_type", "logit_bias.7" },
        { Plain + ""","logit_bias":{"7":null}}""", "invalid_type", "logit_bias.7" },
        { Plain + ""","logit_bias":{""" + string.Join(',', Enumerable.Range(0, 1025).Select(i => $"\"{i}\":1")) + "}}", "too_many_items", "logit_bias" },
        { Plain + ""","stop":""}""", "invalid_value", "stop" },
        { Plain + ""","stop":["a",""]}""", "invalid_value", "stop[1]" },
        { Plain + ""","stop":["a",5]}""", "invalid_type", "stop[1]" },
        { Plain + ""","stop":5}""", "invalid_type", "stop" },
        { Plain + ""","stop":["a","b","c","d","e"]}""", "too_many_items", "stop" },
        { Plain + ",\"stop\":\"" + new string('x', 1 << 20) + "\"}", "invalid_value", "stop" },
        { Plain + ",\"stop\":[\"a\",\"" + new string('x', 1025) + "\"]}", "invalid_value", "stop[1]" },
        { Plain + ""","stop":"\ud800"}""", "invalid_value", "stop" },
        { Plain + ""","seed":1.5}""", "invalid_value", "seed" },
        { Plain + ""","seed":9223372036854775808}""", "invalid_value", "seed" },
        { Plain + ""","seed":"1"}""", "invalid_type", "seed" },
        { Plain + ""","logprobs":1}""", "invalid_type", "logprobs" },
        { Plain + ""","logprobs":true,"top_logprobs":21}""", "invalid_value", "top_logprobs" },
        { Plain + ""","logprobs":true,"top_logprobs":-1}""", "invalid_value", "top_logprobs" },
        { Plain + ""","top_logprobs":3}""", "invalid_value", "top_logprobs" },
        { Plain + ""","logprobs":false,"top_logprobs":0}""", "invalid_value", "top_logprobs" },
        { Plain + ""","stream":"yes"}""", "invalid_type", "stream" },
        { Plain + ""","stream_options":{"include_usage":true}}""", "invalid_value", "stream_options" },
        { Plain + ""","stream":false,"stream_options":{}}""", "invalid_value", "stream_options" },
        { Plain + ""","stream":true,"stream_options":5}""", "invalid_type", "stream_options" },
        { Plain + ""","stream":true,"stream_options":{"include_usage":1}}""", "invalid_type", "stream_options.include_usage" },
        { Plain + ""","stream":true,"stream_options":{"include_obfuscation":1}}""", "invalid_type", "stream_options.include_obfuscation" },
        { Plain + ""","stream":true,"stream_options":{"continuous_usage_stats":true}}""", "unsupported_parameter", "stream_options.continuous_usage_stats" },
        { Plain + ""","stream":true,"stream_options":{"continuous_usage_stats":1}}""", "invalid_type", "stream_options.continuous_usage_stats" },
        { Plain + ""","echo":true}""", "unsupported_parameter", "echo" },
        { Plain + ""","best_of":2}""", "unsupported_parameter", "best_of" },
        { Plain + ""","ignore_eos":1}""", "invalid_type", "ignore_eos" },
        { Plain + ""","user":5}""", "invalid_type", "user" },
        { Plain + ""","metadata":[]}""", "invalid_type", "metadata" },
        { Plain + ""","metadata":{"a":{"b":1}}}""", "invalid_type", "metadata.a" },
        { Plain + ""","store":"x"}""", "invalid_type", "store" },
        { Plain + ""","service_tier":5}""", "invalid_type", "service_tier" },
        { Plain + ""","prompt_cache_key":5}""", "invalid_type", "prompt_cache_key" },
        { Plain + ""","parallel_tool_calls":5}""", "invalid_type", "parallel_tool_calls" },
        { Plain + ""","tools":[{"type":"function","function":{"name":"f"}}]}""", "unsupported_parameter", "tools" },
        { Plain + ""","tool_choice":"auto"}""", "unsupported_parameter", "tool_choice" },
        { Plain + ""","tool_choice":{"type":"function"}}""", "unsupported_parameter", "tool_choice" },
        { Plain + ""","functions":[{}]}""", "unsupported_parameter", "functions" },
        { Plain + ""","function_call":"auto"}""", "unsupported_parameter", "function_call" },
        { Plain + ""","response_format":{"type":"json_object"}}""", "unsupported_parameter", "response_format" },
        { Plain + ""","response_format":{"json_schema":{"name":"a","schema":{}},"type":"json_schema"}}""", "unsupported_parameter", "response_format" },
        { Plain + ""","response_format":{}}""", "missing_required_parameter", "response_format.type" },
        { Plain + ""","response_format":"text"}""", "invalid_type", "response_format" },
        { Plain + ""","modalities":["text","audio"]}""", "unsupported_parameter", "modalities" },
        { Plain + ""","modalities":[5]}""", "invalid_type", "modalities" },
        { Plain + ""","audio":{"voice":"x","format":"mp3"}}""", "unsupported_parameter", "audio" },
        { Plain + ""","reasoning_effort":"high"}""", "unsupported_parameter", "reasoning_effort" },
        { Plain + ""","web_search_options":{"a":1}}""", "unsupported_parameter", "web_search_options" },
        { Plain + ""","skip_special_tokens":false}""", "unsupported_parameter", "skip_special_tokens" },
        { Plain + ""","min_tokens":3}""", "unsupported_parameter", "min_tokens" },
        { Plain + ""","guided_json":{"type":"object"}}""", "unsupported_parameter", "guided_json" },
        { Plain + ""","\ud800":1}""", "invalid_json", null },
        { Plain + ",\"x\":" + new string('[', 1000) + new string(']', 1000) + "}", "invalid_json", null },
        { Plain + "} x", "invalid_json", null },
        { Plain + ",}", "invalid_json", null },
    };

    [Theory]
    [MemberData(nameof(Mistakes))]
    public void A_mistake_names_its_field(string body, string code, string? param) => Refused(body, code, param);

    [Fact]
    public void Bytes_that_are_not_utf8_name_their_field()
    {
        byte[] body = [.. "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"\xff\"}]}".Select(c => (byte)c)];
        var error = ChatRequestReader.Read(new ReadOnlySequence<byte>(body), 0, out _);
        Assert.Equal(("invalid_value", "messages[0].content"), (error!.Code, error.Param));
    }

    private static GenerationRequest Read(string body, long seed = 0)
    {
        var error = ChatRequestReader.Read(new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes(body)), seed, out var request);
        Assert.True(error is null, error?.Message);
        return request;
    }

    private static void Refused(string body, string code, string? param)
    {
        var error = ChatRequestReader.Read(new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes(body)), 0, out _);
        Assert.NotNull(error);
        Assert.True((code, param) == (error.Code, error.Param), $"{error.Code} {error.Param}: {error.Message}");
        Assert.Equal(400, error.Status);
        Assert.InRange(error.Message.Length, 1, 600);
        if (param is not null && !param.StartsWith("logit_bias", StringComparison.Ordinal))
        {
            Assert.Contains(param, error.Message, StringComparison.Ordinal);
        }

        Assert.NotNull(JsonValue.Create(error.Message));
    }
}
