using System.Buffers;
using Meridian.Gateway.Bodies;
using Meridian.Gateway.Errors;
using Meridian.Gateway.OpenAi.Generation.Requests;
using Meridian.Messages;

namespace Meridian.Gateway.OpenAi.Chat;

/// <summary>
/// Reads the body of <c>/v1/chat/completions</c>. Malformed JSON is reported before any other error. If a field is repeated, its last value and the errors of
/// that value count.
/// </summary>
internal ref struct ChatRequestReader
{
    private JsonBody _body;
    private GenerationParameters _parameters;
    private ChatMessage[]? _messages;
    private bool _logprobs;
    private int? _topLogprobs;

    private ChatRequestReader(in ReadOnlySequence<byte> body)
    {
        _body = new JsonBody(body);
        _parameters = new GenerationParameters();
    }

    /// <summary>Parses a body. Never throws for input that a caller can send.</summary>
    public static ApiError? Read(in ReadOnlySequence<byte> body, long drawnSeed, out GenerationRequest request)
    {
        request = null!;
        if (body.IsEmpty)
        {
            return ApiError.Invalid("invalid_json", "The request body is empty. Send a JSON object with 'model' and 'messages'.");
        }

        var reader = new ChatRequestReader(body);
        try
        {
            return reader.Read(drawnSeed, out request);
        }
        catch (Exception exception) when (JsonBody.IsMistake(exception))
        {
            return reader._body.Describe(exception);
        }
    }

    private ApiError? Read(long drawnSeed, out GenerationRequest request)
    {
        request = null!;
        if (_body.Open("'model' and 'messages'") is { } error)
        {
            return error;
        }

        while (_body.NextName())
        {
            if (_body.Is("messages"u8))
            {
                _parameters.Judge("messages", ChatMessageReader.Read(ref _body, out _messages));
            }
            else if (_body.Is("logprobs"u8))
            {
                _parameters.Judge("logprobs", _body.Boolean("logprobs", absent: false, out _logprobs));
            }
            else if (_body.Is("top_logprobs"u8))
            {
                _parameters.Judge("top_logprobs", _body.Integer("top_logprobs", 0, GenerationLimits.MaxTopLogprobs, out _topLogprobs));
            }
            else
            {
                _parameters.Read(ref _body);
            }
        }

        _body.Close();
        if (_parameters.First is { } mistake)
        {
            return mistake;
        }

        if (_messages is null)
        {
            return ApiError.Missing("messages", "an array of messages, for example [{\"role\":\"user\",\"content\":\"Hello\"}]");
        }

        if (_topLogprobs is not null && !_logprobs)
        {
            return ApiError.Invalid("invalid_value", "'top_logprobs' is only taken together with 'logprobs': true.", "top_logprobs");
        }

        return _parameters.Complete([new PromptInput { Messages = _messages }], _logprobs ? _topLogprobs ?? 0 : null, null, false, drawnSeed, out request);
    }
}
