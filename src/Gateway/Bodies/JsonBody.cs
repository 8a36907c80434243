using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Meridian.Gateway.Errors;

namespace Meridian.Gateway.Bodies;

/// <summary>
/// A request body as JSON, and the steps that every reader of one takes. A value that is not what it must be is answered as an error and skipped, so that reading
/// goes on behind it; malformed JSON throws what <see cref="Describe"/> puts into words. Nested at most 64 levels deep.
/// </summary>
internal ref struct JsonBody
{
    /// <summary>Longest model name that is looked up, characters.</summary>
    public const int MaxModelLength = 256;

    private static readonly JsonReaderOptions Strict = new() { MaxDepth = 64 };

    /// <summary>A field: properties would hand out copies.</summary>
    public Utf8JsonReader Json;

    public JsonBody(in ReadOnlySequence<byte> body) =>
        Json = body.IsSingleSegment ? new Utf8JsonReader(body.FirstSpan, Strict) : new Utf8JsonReader(body, Strict);

    public readonly JsonTokenType Token => Json.TokenType;

    /// <summary>Whether the exception is the caller's doing: malformed JSON, or a name or short value with a lone surrogate.</summary>
    public static bool IsMistake(Exception exception) => exception is JsonException or InvalidOperationException;

    /// <summary>The error for an exception of this body's reading.</summary>
    public readonly ApiError Describe(Exception exception)
    {
        if (exception is not JsonException malformed)
        {
            // A name or a short value with a lone surrogate; longer texts are judged where they are read.
            return ApiError.Invalid("invalid_json", string.Create(CultureInfo.InvariantCulture, $"The text that starts at byte {Json.TokenStartIndex + 1} of the request body is not valid Unicode."));
        }

        var reason = malformed.Message;
        var position = reason.IndexOf(" LineNumber:", StringComparison.Ordinal);
        if (position >= 0)
        {
            reason = reason[..position];
        }

        return ApiError.Invalid(
            "invalid_json",
            string.Create(CultureInfo.InvariantCulture, $"The request body is not valid JSON at line {malformed.LineNumber + 1}, byte {malformed.BytePositionInLine + 1}: {reason}"));
    }

    /// <summary>Moves to the first field. An error where the body is no object.</summary>
    /// <param name="expected">The fields that it must have, for example <c>'model' and 'input'</c>.</param>
    public ApiError? Open(string expected)
    {
        Json.Read();
        if (Token == JsonTokenType.StartObject)
        {
            return null;
        }

        var actual = Kind(Token);
        Close();
        return ApiError.Invalid("invalid_type", $"The request body must be a JSON object with {expected}, but is {actual}.");
    }

    /// <summary>Moves to the next name of an object. False at its end.</summary>
    public bool NextName() => Json.Read() && Token == JsonTokenType.PropertyName;

    /// <summary>Whether this is the name that the reader stands at; if so, moves to its value.</summary>
    public bool Is(ReadOnlySpan<byte> name) => Json.ValueTextEquals(name) && Json.Read();

    /// <summary>Reads to the end of the body, which throws where something follows the JSON value.</summary>
    public void Close()
    {
        while (Json.Read())
        {
        }
    }

    /// <summary>From one of an array's items to the array's end.</summary>
    public void SkipItems()
    {
        do
        {
            Json.Skip();
            Json.Read();
        }
        while (Token != JsonTokenType.EndArray);
    }

    /// <summary>A model's name.</summary>
    public ApiError? Model(out string? model)
    {
        var error = Text("model", out model);
        if (model is null)
        {
            return error ?? WrongType("model", "a string");
        }

        if (model.Length is > 0 and <= MaxModelLength)
        {
            return null;
        }

        error = model.Length == 0
            ? ApiError.Invalid("invalid_value", "'model' is empty: it must be the name of a model, for example \"minilm\".", "model")
            : ApiError.ModelNotFound(model);
        model = null;
        return error;
    }

    /// <summary>A string, or null.</summary>
    public ApiError? Text(string name, out string? text)
    {
        text = null;
        return Token switch
        {
            JsonTokenType.Null => null,
            JsonTokenType.String => TryText(out text) ? null : InvalidText(name),
            _ => WrongType(name, "a string"),
        };
    }

    /// <summary>A string or null, whose content does not matter.</summary>
    public ApiError? AnyText(string name) => Token is JsonTokenType.String or JsonTokenType.Null ? null : WrongType(name, "a string");

    /// <summary>True, false, or null for <paramref name="absent"/>.</summary>
    public ApiError? Boolean(string name, bool absent, out bool value)
    {
        value = Token == JsonTokenType.Null ? absent : Token == JsonTokenType.True;
        return Token is JsonTokenType.True or JsonTokenType.False or JsonTokenType.Null ? null : WrongType(name, "true or false");
    }

    /// <summary>A whole number, or null.</summary>
    public ApiError? Integer(string name, int least, int most, out int? value)
    {
        value = null;
        if (Token == JsonTokenType.Null)
        {
            return null;
        }

        if (Token != JsonTokenType.Number)
        {
            return WrongType(name, "a whole number");
        }

        if (Json.TryGetInt32(out var number) && number >= least && number <= most)
        {
            value = number;
            return null;
        }

        var range = most == int.MaxValue ? $"of at least {Invariant(least)}" : $"from {Invariant(least)} to {Invariant(most)}";
        return ApiError.Invalid("invalid_value", $"'{name}' is {NumberText()}: it must be a whole number {range}.", name);
    }

    /// <summary>A number in a closed range, or null.</summary>
    public ApiError? Number(string name, float least, float most, out float? value)
    {
        value = null;
        if (Token == JsonTokenType.Null)
        {
            return null;
        }

        if (Token != JsonTokenType.Number)
        {
            return WrongType(name, "a number");
        }

        // As float64 first: 1e999 is infinite there and 2.00000001 is not 2.
        if (Json.TryGetDouble(out var number) && number >= least && number <= most)
        {
            value = (float)number;
            return null;
        }

        return ApiError.Invalid("invalid_value", $"'{name}' is {NumberText()}: it must be a number from {Invariant(least)} to {Invariant(most)}.", name);
    }

    /// <summary>False where the text is not valid Unicode, which the reader finds only when it decodes.</summary>
    public readonly bool TryText([NotNullWhen(true)] out string? text)
    {
        try
        {
            text = Json.GetString()!;
            return true;
        }
        catch (InvalidOperationException)
        {
            text = null;
            return false;
        }
    }

    /// <summary>The error for a value of the wrong kind, which is skipped.</summary>
    public ApiError WrongType(string param, string expected)
    {
        var error = ApiError.WrongType(param, expected, Kind(Token));
        Json.Skip();
        return error;
    }

    public static ApiError InvalidText(string param) =>
        ApiError.Invalid("invalid_value", $"'{param}' is not valid Unicode: it has bytes that are not UTF-8, or half of a surrogate pair.", param);

    /// <summary>The number as the caller wrote it, unless that is long.</summary>
    public readonly string NumberText()
    {
        var length = Json.HasValueSequence ? Json.ValueSequence.Length : Json.ValueSpan.Length;
        if (length > 32)
        {
            return string.Create(CultureInfo.InvariantCulture, $"a number of {length} characters");
        }

        return Json.HasValueSequence ? Encoding.ASCII.GetString(Json.ValueSequence) : Encoding.ASCII.GetString(Json.ValueSpan);
    }

    private static string Invariant(IFormattable value) => value.ToString(null, CultureInfo.InvariantCulture);

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
}
