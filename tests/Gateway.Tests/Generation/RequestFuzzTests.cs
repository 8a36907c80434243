using System.Buffers;
using System.Text;
using System.Text.Json.Nodes;
using CsCheck;
using Meridian.Gateway.Errors;
using Meridian.Gateway.OpenAi.Chat;
using Meridian.Gateway.OpenAi.Completions;
using Meridian.Gateway.OpenAi.Tokenization;
using Meridian.Gateway.Tests.Embeddings;

namespace Meridian.Gateway.Tests.Generation;

/// <summary>Whatever a caller sends is read or refused, alike however the network cuts it.</summary>
public sealed class RequestFuzzTests
{
    private static readonly string[] Names =
    [
        "model", "messages", "prompt", "role", "content", "type", "text", "name", "tool_calls", "tokens", "max_tokens", "n", "temperature", "top_p", "top_k", "min_p", "repetition_penalty",
        "presence_penalty", "logit_bias", "stop", "seed", "logprobs", "top_logprobs", "stream", "stream_options", "include_usage", "metadata", "response_format", "modalities", "tools",
        "best_of", "echo", "suffix", "ignore_eos", "7", "unknown",
    ];

    private static readonly Gen<string> Leaf = Gen.OneOf(
        Gen.OneOf("null", "true", "false", "\"user\"", "\"text\"", "\"m\"", "\"\"", "0", "1", "-1", "2.5", "1e999", "-0", "\"\\ud800\"", "\"\\ud83d\\ude00\"", "[]", "{}", "[1,2]", "[[1],[2]]", "[\"a\"]"),
        Gen.Int.Select(number => JsonValue.Create(number)!.ToJsonString()));

    private static readonly Gen<string> Value = Gen.Recursive<string>((depth, inner) => depth > 3
        ? Leaf
        : Gen.OneOf(
            Leaf,
            inner.Array[0, 4].Select(items => "[" + string.Join(',', items) + "]"),
            Gen.Select(Gen.OneOf(Names), inner).Array[0, 6].Select(members => "{" + string.Join(',', members.Select(member => $"\"{member.Item1}\":{member.Item2}")) + "}")));

    private static readonly Gen<string> Body = Gen.Select(
        Gen.OneOf("{", """{"model":"m","messages":[{"role":"user","content":"x"}],""", """{"model":"m","prompt":"x",""", """{"model":"m","tokens":[1],"""),
        Gen.Select(Gen.OneOf(Names), Value).Array[1, 8],
        (start, members) => start + string.Join(',', members.Select(member => $"\"{member.Item1}\":{member.Item2}")) + "}");

    [Fact]
    public void Any_json_is_read_or_refused() =>
        Gen.Select(Body, Gen.Int[1, 40]).Sample((body, cut) => Same(Encoding.UTF8.GetBytes(body), cut));

    [Fact]
    public void Any_json_that_is_broken_somewhere_is_read_or_refused() =>
        Gen.Select(Body, Gen.Int[0, int.MaxValue], Gen.Byte, Gen.Int[1, 9]).Sample((body, at, value, cut) =>
        {
            var bytes = Encoding.UTF8.GetBytes(body);
            bytes[at % bytes.Length] = value;
            Same(bytes, cut);
        });

    private static void Same(byte[] body, int cut)
    {
        var whole = new ReadOnlySequence<byte>(body);
        var pieces = Segments.Cut(body, cut);
        Same(ChatRequestReader.Read(whole, 0, out _), ChatRequestReader.Read(pieces, 0, out _));
        Same(CompletionRequestReader.Read(whole, 0, out _), CompletionRequestReader.Read(pieces, 0, out _));
        Same(TokenizeRequestReader.Read(whole, out _), TokenizeRequestReader.Read(pieces, out _));
        Same(DetokenizeRequestReader.Read(whole, out _), DetokenizeRequestReader.Read(pieces, out _));
    }

    private static void Same(ApiError? whole, ApiError? pieces)
    {
        Assert.Equal((whole?.Status, whole?.Code, whole?.Param), (pieces?.Status, pieces?.Code, pieces?.Param));
        if (whole is not null)
        {
            Assert.InRange(whole.Status, 400, 404);
            Assert.Equal(ApiError.InvalidRequest, whole.Type);
        }
    }
}
