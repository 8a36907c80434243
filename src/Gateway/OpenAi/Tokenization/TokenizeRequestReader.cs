using System.Buffers;
using System.Text.Json;
using Meridian.Gateway.Bodies;
using Meridian.Gateway.Errors;
using Meridian.Gateway.OpenAi.Generation.Requests;
using Meridian.Messages;

namespace Meridian.Gateway.OpenAi.Tokenization;

/// <summary>Reads the body of <c>/tokenize</c>: a text or a conversation.</summary>
internal ref struct TokenizeRequestReader
{
    private JsonBody _body;
    private FieldErrors _errors;
    private string? _model;
    private string? _prompt;
    private ChatMessage[]? _messages;
    private bool? _addSpecialTokens;
    private bool _addGenerationPrompt = true;
    private bool _texts;

    private TokenizeRequestReader(in ReadOnlySequence<byte> body) => _body = new JsonBody(body);

    /// <summary>Parses a body. Never throws for input that a caller can send.</summary>
    public static ApiError? Read(in ReadOnlySequence<byte> body, out TokenizationRequest request)
    {
        request = null!;
        if (body.IsEmpty)
        {
            return ApiError.Invalid("invalid_json", "The request body is empty. Send a JSON object with 'model' and 'prompt' or 'messages'.");
        }

        var reader = new TokenizeRequestReader(body);
        try
        {
            return reader.Read(out request);
        }
        catch (Exception exception) when (JsonBody.IsMistake(exception))
        {
            return reader._body.Describe(exception);
        }
    }

    private ApiError? Read(out TokenizationRequest request)
    {
        request = null!;
        if (_body.Open("'model' and 'prompt' or 'messages'") is { } error)
        {
            return error;
        }

        while (_body.NextName())
        {
            ReadField();
        }

        _body.Close();
        if (_errors.First is { } mistake)
        {
            return mistake;
        }

        if (_model is null)
        {
            return ApiError.Missing("model", "the name of a model, as /v1/models lists it");
        }

        if (_prompt is null && _messages is null)
        {
            return ApiError.Missing("prompt", "a string, or 'messages' an array of messages");
        }

        if (_prompt is not null && _messages is not null)
        {
            return ApiError.Invalid("invalid_value", "There are both 'prompt' and 'messages': give one of them.", "messages");
        }

        if (_messages is not null && _addSpecialTokens == true)
        {
            return ApiError.Unsupported("add_special_tokens", "'add_special_tokens' is true for 'messages': a conversation's template brings its own special tokens. Leave it out.");
        }

        request = new TokenizationRequest(_model, new TokenizeInput
        {
            Prompt = new PromptInput { Text = _prompt, Messages = _messages },
            AddSpecialTokens = _addSpecialTokens ?? true,
            AddGenerationPrompt = _addGenerationPrompt,
            Texts = _texts,
        });
        return null;
    }

    private void ReadField()
    {
        if (_body.Is("model"u8))
        {
            _errors.Set("model", _body.Model(out _model));
        }
        else if (_body.Is("prompt"u8))
        {
            _errors.Set("prompt", _body.Text("prompt", out _prompt));
        }
        else if (_body.Is("messages"u8))
        {
            _errors.Set("messages", ChatMessageReader.Read(ref _body, out _messages));
        }
        else if (_body.Is("add_special_tokens"u8))
        {
            _errors.Set("add_special_tokens", _body.Boolean("add_special_tokens", absent: true, out var add));
            _addSpecialTokens = _body.Token == JsonTokenType.Null ? null : add;
        }
        else if (_body.Is("add_generation_prompt"u8))
        {
            _errors.Set("add_generation_prompt", _body.Boolean("add_generation_prompt", absent: true, out _addGenerationPrompt));
        }
        else if (_body.Is("return_token_strs"u8))
        {
            _errors.Set("return_token_strs", _body.Boolean("return_token_strs", absent: false, out _texts));
        }
        else
        {
            UnsupportedFields.Read(ref _body, ref _errors);
        }
    }
}
