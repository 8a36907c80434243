using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Meridian.Gateway.Errors;
using Meridian.Messages;

namespace Meridian.Gateway.Embeddings;

/// <summary>
/// Reads the body of <c>/v1/embeddings</c> straight into an <see cref="EmbeddingInput"/>.
/// Malformed JSON is reported before anything else. Of a repeated field the last counts, its mistakes included, so mistakes are kept a field
/// and judged at the end, in the order of the API's reference. Unknown fields are skipped, at most 64 levels deep.
/// </summary>
internal ref struct EmbeddingRequestReader
{
    /// <summary>Longest model name that is looked up, characters.</summary>
    public const int MaxModelLength = 256;

    private static readonly JsonReaderOptions Strict = new() { MaxDepth = 64 };

    private readonly int _maxItems;
    private Utf8JsonReader _reader;

    private string? _model;
    private ApiError? _modelError;
    private string[]? _texts;
    private int[][]? _tokens;
    private ApiError? _inputError;
    private bool _base64;
    private ApiError? _encodingError;
    private int? _dimensions;
    private ApiError? _dimensionsError;
    private bool _truncate;
    private ApiError? _truncateError;
    private ApiError? _userError;

    private EmbeddingRequestReader(in ReadOnlySequence<byte> body, int maxItems)
    {
        _maxItems = maxItems;
        _reader = body.IsSingleSegment ? new Utf8JsonReader(body.FirstSpan, Strict) : new Utf8JsonReader(body, Strict);
    }

    /// <summary>Never throws for what a caller can send.</summary>
    public static bool TryRead(in ReadOnlySequence<byte> body, int maxItems, out EmbeddingRequest request, [NotNullWhen(false)] out ApiError? error)
    {
        request = default;
        if (body.IsEmpty)
        {
            error = ApiError.Invalid("invalid_json", "The request body is empty. Send a JSON object with 'model' and 'input'.");
            return false;
        }

        var parser = new EmbeddingRequestReader(body, maxItems);
        try
        {
            error = parser.Read();
        }
        catch (JsonException exception)
        {
            error = Malformed(exception);
        }
        catch (InvalidOperationException)
        {
            // A name or a short value with a lone surrogate; longer texts are judged where they are read.
            error = ApiError.Invalid("invalid_json", string.Create(CultureInfo.InvariantCulture, $"The text that starts at byte {parser._reader.TokenStartIndex + 1} of the request body is not valid Unicode."));
        }

        if (error is not null)
        {
            return false;
        }

        request = parser.Result();
        return true;
    }

    private readonly EmbeddingRequest Result() => new(
        _model!,
        new EmbeddingInput { Texts = _texts, TokenIds = _tokens, Dimensions = _dimensions, Truncate = _truncate },
        _base64);

    private static ApiError Malformed(JsonException exception)
    {
        var reason = exception.Message;
        var position = reason.IndexOf(" LineNumber:", StringComparison.Ordinal);
        if (position >= 0)
        {
            reason = reason[..position];
        }

        return ApiError.Invalid(
            "invalid_json",
            string.Create(CultureInfo.InvariantCulture, $"The request body is not valid JSON at line {exception.LineNumber + 1}, byte {exception.BytePositionInLine + 1}: {reason}"));
    }

    private ApiError? Read()
    {
        _reader.Read();
        if (_reader.TokenType != JsonTokenType.StartObject)
        {
            var actual = Kind(_reader.TokenType);
            Finish();
            return ApiError.Invalid("invalid_type", $"The request body must be a JSON object with 'model' and 'input', but is {actual}.");
        }

        while (_reader.Read() && _reader.TokenType == JsonTokenType.PropertyName)
        {
            ReadField();
        }

        Finish();
        if (_model is null && _modelError is null)
        {
            _modelError = ApiError.Missing("model", "the name of a model, for example \"minilm\"");
        }

        if (_texts is null && _tokens is null && _inputError is null)
        {
            _inputError = ApiError.Missing("input", Expected.Input);
        }

        return _modelError ?? _inputError ?? _encodingError ?? _dimensionsError ?? _truncateError ?? _userError;
    }

    /// <summary>Reads to the end of the body, which throws where something follows the JSON value.</summary>
    private void Finish()
    {
        while (_reader.Read())
        {
        }
    }

    private void ReadField()
    {
        if (_reader.ValueTextEquals("input"u8))
        {
            _reader.Read();
            ReadInput();
        }
        else if (_reader.ValueTextEquals("model"u8))
        {
            _reader.Read();
            ReadModel();
        }
        else if (_reader.ValueTextEquals("encoding_format"u8))
        {
            _reader.Read();
            ReadEncoding();
        }
        else if (_reader.ValueTextEquals("dimensions"u8))
        {
            _reader.Read();
            ReadDimensions();
        }
        else if (_reader.ValueTextEquals("truncate"u8))
        {
            _reader.Read();
            _truncate = _reader.TokenType == JsonTokenType.True;
            _truncateError = _reader.TokenType is JsonTokenType.True or JsonTokenType.False or JsonTokenType.Null ? null : WrongType("truncate", "true or false");
        }
        else if (_reader.ValueTextEquals("user"u8))
        {
            _reader.Read();
            _userError = _reader.TokenType is JsonTokenType.String or JsonTokenType.Null ? null : WrongType("user", "a string");
        }
        else
        {
            _reader.Skip();
        }
    }

    private void ReadModel()
    {
        _model = null;
        _modelError = null;
        if (_reader.TokenType != JsonTokenType.String)
        {
            _modelError = WrongType("model", "a string");
        }
        else if (!TryText(out var text))
        {
            _modelError = InvalidText("model");
        }
        else if (text.Length == 0)
        {
            _modelError = ApiError.Invalid("invalid_value", "'model' is empty: it must be the name of a model, for example \"minilm\".", "model");
        }
        else if (text.Length > MaxModelLength)
        {
            _modelError = ApiError.ModelNotFound(text);
        }
        else
        {
            _model = text;
        }
    }

    private void ReadEncoding()
    {
        _base64 = false;
        _encodingError = null;
        if (_reader.TokenType == JsonTokenType.String)
        {
            if (_reader.ValueTextEquals("base64"u8))
            {
                _base64 = true;
            }
            else if (!_reader.ValueTextEquals("float"u8))
            {
                _encodingError = !TryText(out var text)
                    ? InvalidText("encoding_format")
                    : ApiError.Invalid("invalid_value", $"'encoding_format' is '{ApiError.Shorten(text)}': it must be 'float' or 'base64'.", "encoding_format");
            }
        }
        else if (_reader.TokenType != JsonTokenType.Null)
        {
            _encodingError = WrongType("encoding_format", "'float' or 'base64'");
        }
    }

    private void ReadDimensions()
    {
        _dimensions = null;
        _dimensionsError = null;
        if (_reader.TokenType == JsonTokenType.Number)
        {
            if (_reader.TryGetInt32(out var dimensions) && dimensions > 0)
            {
                _dimensions = dimensions;
            }
            else
            {
                _dimensionsError = ApiError.Invalid("invalid_value", $"'dimensions' is {NumberText()}: it must be a whole number of at least 1.", "dimensions");
            }
        }
        else if (_reader.TokenType != JsonTokenType.Null)
        {
            _dimensionsError = WrongType("dimensions", "a whole number");
        }
    }

    private void ReadInput()
    {
        _texts = null;
        _tokens = null;
        _inputError = null;
        switch (_reader.TokenType)
        {
            case JsonTokenType.String:
                if (TryItem(-1, out var text))
                {
                    _texts = [text];
                }

                break;
            case JsonTokenType.StartArray:
                ReadArray();
                break;
            default:
                _inputError = WrongType("input", Expected.Input);
                break;
        }
    }

    /// <summary>The first item says what the array holds.</summary>
    private void ReadArray()
    {
        _reader.Read();
        switch (_reader.TokenType)
        {
            case JsonTokenType.EndArray:
                _inputError = ApiError.Invalid("invalid_value", "'input' is an empty array: it must have at least one item.", "input");
                break;
            case JsonTokenType.String:
                _texts = ReadTexts();
                break;
            case JsonTokenType.StartArray:
                _tokens = ReadTokenArrays();
                break;
            case JsonTokenType.Number:
                _tokens = ReadTokens(-1) is { } tokens ? [tokens] : null;
                break;
            default:
                _inputError = WrongType("input[0]", "a string, a token id or an array of token ids");
                SkipItems();
                break;
        }
    }

    private string[]? ReadTexts()
    {
        using var items = new PooledList<string>();
        var count = 0;
        do
        {
            if (SkipsUnwanted(count))
            {
                continue;
            }

            if (_reader.TokenType != JsonTokenType.String)
            {
                _inputError = WrongType(ItemName(count), "a string like the items before it");
            }
            else if (TryItem(count, out var text))
            {
                items.Add(text);
            }
        }
        while (NextItem(ref count));
        return Judge(count) ? items.ToArray() : null;
    }

    private int[][]? ReadTokenArrays()
    {
        using var items = new PooledList<int[]>();
        var count = 0;
        do
        {
            if (SkipsUnwanted(count))
            {
                continue;
            }

            if (_reader.TokenType != JsonTokenType.StartArray)
            {
                _inputError = WrongType(ItemName(count), "an array of token ids like the items before it");
                continue;
            }

            _reader.Read();
            if (ReadTokens(count) is { } tokens)
            {
                items.Add(tokens);
            }
        }
        while (NextItem(ref count));
        return Judge(count) ? items.ToArray() : null;
    }

    /// <summary>Skips an item after a mistake or beyond the limit: the rest is only counted, so that a wrong array of any size costs one scan and no memory.</summary>
    private bool SkipsUnwanted(int count)
    {
        if (_inputError is null && count < _maxItems)
        {
            return false;
        }

        _reader.Skip();
        return true;
    }

    /// <summary>Moves to the next item. False: the array is at its end.</summary>
    private bool NextItem(ref int count)
    {
        count++;
        _reader.Read();
        return _reader.TokenType != JsonTokenType.EndArray;
    }

    /// <summary>From an array's first token to its end.</summary>
    /// <param name="item">Index of the array in the input, or -1 where the input itself is the array.</param>
    private int[]? ReadTokens(int item)
    {
        if (_reader.TokenType == JsonTokenType.EndArray)
        {
            _inputError = ApiError.Invalid("invalid_value", $"'{ItemName(item)}' is empty: it must have at least one token id.", ItemName(item));
            return null;
        }

        using var tokens = new PooledList<int>();
        do
        {
            if (_reader.TokenType == JsonTokenType.Number && _reader.TryGetInt32(out var token) && token >= 0)
            {
                tokens.Add(token);
            }
            else
            {
                var name = string.Create(CultureInfo.InvariantCulture, $"{ItemName(item)}[{tokens.Count}]");
                _inputError = _reader.TokenType == JsonTokenType.Number
                    ? ApiError.Invalid("invalid_value", $"'{name}' is {NumberText()}: a token id is a whole number from 0 to 2147483647.", name)
                    : WrongType(name, "a token id (a whole number)");
                SkipItems();
                return null;
            }

            _reader.Read();
        }
        while (_reader.TokenType != JsonTokenType.EndArray);
        return tokens.ToArray();
    }

    private bool Judge(int count)
    {
        if (count > _maxItems)
        {
            _inputError = ApiError.Invalid("too_many_items", string.Create(CultureInfo.InvariantCulture, $"'input' has {count} items: at most {_maxItems} are taken in one request."), "input");
        }

        return _inputError is null;
    }

    /// <summary>From one of an array's items to the array's end.</summary>
    private void SkipItems()
    {
        do
        {
            _reader.Skip();
            _reader.Read();
        }
        while (_reader.TokenType != JsonTokenType.EndArray);
    }

    /// <summary>The text of an item, which may not be empty.</summary>
    /// <param name="item">Index in the input, or -1 where the input itself is the item.</param>
    private bool TryItem(int item, [NotNullWhen(true)] out string? text)
    {
        if (!TryText(out text))
        {
            _inputError = InvalidText(ItemName(item));
            return false;
        }

        if (text.Length == 0)
        {
            _inputError = ApiError.Invalid("invalid_value", $"'{ItemName(item)}' is an empty string: every item must have at least one character.", ItemName(item));
            return false;
        }

        return true;
    }

    /// <summary>False where the text is not valid Unicode, which the reader finds only when it decodes.</summary>
    private readonly bool TryText([NotNullWhen(true)] out string? text)
    {
        try
        {
            text = _reader.GetString()!;
            return true;
        }
        catch (InvalidOperationException)
        {
            text = null;
            return false;
        }
    }

    private static ApiError InvalidText(string param) =>
        ApiError.Invalid("invalid_value", $"'{param}' is not valid Unicode: it has bytes that are not UTF-8, or half of a surrogate pair.", param);

    private ApiError WrongType(string param, string expected)
    {
        var error = ApiError.WrongType(param, expected, Kind(_reader.TokenType));
        _reader.Skip();
        return error;
    }

    private static string ItemName(int item) => item < 0 ? "input" : string.Create(CultureInfo.InvariantCulture, $"input[{item}]");

    private readonly string NumberText()
    {
        var length = _reader.HasValueSequence ? _reader.ValueSequence.Length : _reader.ValueSpan.Length;
        if (length > 32)
        {
            return string.Create(CultureInfo.InvariantCulture, $"a number of {length} characters");
        }

        return _reader.HasValueSequence ? Encoding.ASCII.GetString(_reader.ValueSequence) : Encoding.ASCII.GetString(_reader.ValueSpan);
    }

    private static string Kind(JsonTokenType token) => token switch
    {
        JsonTokenType.String => "a string",
        JsonTokenType.Number => "a number",
        JsonTokenType.True or JsonTokenType.False => "a boolean",
        JsonTokenType.Null => "null",
        JsonTokenType.StartArray => "an array",
        JsonTokenType.StartObject => "an object",
        _ => "something else",
    };

    private static class Expected
    {
        public const string Input = "a string, an array of strings, an array of token ids, or an array of such arrays";
    }
}
