using System.Buffers;
using System.Text.Json;
using Meridian.Gateway.Bodies;
using Meridian.Gateway.Errors;
using Meridian.Gateway.OpenAi.Generation.Requests;
using Meridian.Messages;

namespace Meridian.Gateway.OpenAi.Tokenization;

/// <summary>Reads the body of <c>/detokenize</c>.</summary>
internal ref struct DetokenizeRequestReader
{
    private JsonBody _body;
    private FieldErrors _errors;
    private string? _model;
    private int[]? _tokens;

    private DetokenizeRequestReader(in ReadOnlySequence<byte> body) => _body = new JsonBody(body);

    /// <summary>Parses a body. Never throws for input that a caller can send.</summary>
    public static ApiError? Read(in ReadOnlySequence<byte> body, out TokenizationRequest request)
    {
        request = null!;
        if (body.IsEmpty)
        {
            return ApiError.Invalid("invalid_json", "The request body is empty. Send a JSON object with 'model' and 'tokens'.");
        }

        var reader = new DetokenizeRequestReader(body);
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
        if (_body.Open("'model' and 'tokens'") is { } error)
        {
            return error;
        }

        while (_body.NextName())
        {
            if (_body.Is("model"u8))
            {
                _errors.Set("model", _body.Model(out _model));
            }
            else if (_body.Is("tokens"u8))
            {
                _errors.Set("tokens", ReadTokens());
            }
            else
            {
                _body.Json.Skip();
            }
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

        if (_tokens is null)
        {
            return ApiError.Missing("tokens", "an array of token ids");
        }

        request = new TokenizationRequest(_model, new DetokenizeInput { TokenIds = _tokens });
        return null;
    }

    private ApiError? ReadTokens()
    {
        _tokens = null;
        if (_body.Token != JsonTokenType.StartArray)
        {
            return _body.WrongType("tokens", "an array of token ids");
        }

        _body.Json.Read();
        _tokens = TextsOrTokens.ReadTokens(ref _body, "tokens", -1, empty: true, out var error);
        return error;
    }
}
