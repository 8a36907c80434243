using System.Buffers;
using System.Text.Json;
using Meridian.Gateway.Bodies;
using Meridian.Gateway.Errors;
using Meridian.Gateway.OpenAi.Generation.Requests;
using Meridian.Messages;

namespace Meridian.Gateway.OpenAi.Embeddings;

/// <summary>
/// Reads the body of <c>/v1/embeddings</c> straight into an <see cref="EmbeddingInput"/>. Malformed JSON is reported before any other error.
/// If a field is repeated, its last value and the errors of that value count. So the reader keeps the errors of each field and reports one at the end, in the
/// order of the API's reference. Unknown fields are skipped.
/// </summary>
internal ref struct EmbeddingRequestReader
{
    private JsonBody _body;
    private TextsOrTokens _input;

    private string? _model;
    private ApiError? _modelError;
    private bool _base64;
    private ApiError? _encodingError;
    private int? _dimensions;
    private ApiError? _dimensionsError;
    private bool _truncate;
    private ApiError? _truncateError;
    private ApiError? _userError;
    private string? _user;
    private string? _tier;
    private ApiError? _tierError;
    private string? _cacheKey;
    private ApiError? _cacheKeyError;

    private EmbeddingRequestReader(in ReadOnlySequence<byte> body, int maxItems)
    {
        _body = new JsonBody(body);
        _input = new TextsOrTokens("input", maxItems, emptyTexts: false);
    }

    /// <summary>Parses a body. Never throws for input that a caller can send.</summary>
    public static ApiError? Read(in ReadOnlySequence<byte> body, int maxItems, out EmbeddingRequest request)
    {
        request = default;
        if (body.IsEmpty)
        {
            return ApiError.Invalid("invalid_json", "The request body is empty. Send a JSON object with 'model' and 'input'.");
        }

        var reader = new EmbeddingRequestReader(body, maxItems);
        try
        {
            if (reader.Read() is { } error)
            {
                return error;
            }
        }
        catch (Exception exception) when (JsonBody.IsMistake(exception))
        {
            return reader._body.Describe(exception);
        }

        request = reader.Result();
        return null;
    }

    private readonly EmbeddingRequest Result() => new(
        _model!,
        new EmbeddingInput { Texts = _input.Texts, TokenIds = _input.Tokens, Dimensions = _dimensions, Truncate = _truncate },
        _base64)
    {
        Tier = ServiceTier.Served(_tier),
        Affinity = _cacheKey,
        User = _user,
    };

    private ApiError? Read()
    {
        if (_body.Open("'model' and 'input'") is { } error)
        {
            return error;
        }

        while (_body.NextName())
        {
            ReadField();
        }

        _body.Close();
        if (_model is null && _modelError is null)
        {
            _modelError = ApiError.Missing("model", "the name of a model, for example \"minilm\"");
        }

        return _modelError ?? (_input.IsMissing ? _input.Missing() : _input.Error) ?? _encodingError ?? _dimensionsError ?? _truncateError ?? _userError ?? _tierError ?? _cacheKeyError;
    }

    private void ReadField()
    {
        ref var json = ref _body.Json;
        if (json.ValueTextEquals("input"u8))
        {
            json.Read();
            _input.Read(ref _body);
        }
        else if (json.ValueTextEquals("model"u8))
        {
            json.Read();
            _modelError = _body.Model(out _model);
        }
        else if (json.ValueTextEquals("encoding_format"u8))
        {
            json.Read();
            ReadEncoding();
        }
        else if (json.ValueTextEquals("dimensions"u8))
        {
            json.Read();
            _dimensionsError = _body.Integer("dimensions", 1, int.MaxValue, out _dimensions);
        }
        else if (json.ValueTextEquals("truncate"u8))
        {
            json.Read();
            _truncateError = _body.Boolean("truncate", absent: false, out _truncate);
        }
        else if (json.ValueTextEquals("user"u8))
        {
            json.Read();
            _userError = _body.AnyText("user", out _user);
        }
        else if (json.ValueTextEquals("service_tier"u8))
        {
            json.Read();
            _tierError = GenerationFields.ReadServiceTier(ref _body, out _tier);
        }
        else if (json.ValueTextEquals("prompt_cache_key"u8))
        {
            json.Read();
            _cacheKeyError = GenerationFields.ReadCacheKey(ref _body, out _cacheKey);
        }
        else
        {
            json.Skip();
        }
    }

    private void ReadEncoding()
    {
        _base64 = false;
        _encodingError = null;
        if (_body.Token == JsonTokenType.String)
        {
            if (_body.Json.ValueTextEquals("base64"u8))
            {
                _base64 = true;
            }
            else if (!_body.Json.ValueTextEquals("float"u8))
            {
                _encodingError = !_body.TryText(out var text)
                    ? JsonBody.InvalidText("encoding_format")
                    : ApiError.Invalid("invalid_value", $"'encoding_format' is '{ApiError.Shorten(text)}': it must be 'float' or 'base64'.", "encoding_format");
            }
        }
        else if (_body.Token != JsonTokenType.Null)
        {
            _encodingError = _body.WrongType("encoding_format", "'float' or 'base64'");
        }
    }
}
