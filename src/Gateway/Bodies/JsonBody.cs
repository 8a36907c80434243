using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Meridian.Gateway.Errors;

namespace Meridian.Gateway.Bodies;

/// <summary>
/// A request body as JSON, with the steps that every body reader shares. A wrong value is returned as an error and skipped, so that reading goes on after it.
/// Malformed JSON throws an exception, which <see cref="Describe"/> turns into an error. Nesting is limited to 64 levels.
/// </summary>
internal ref struct JsonBody
{
    /// <summary>Maximum length of a model name that is looked up, characters.</summary>
    public const int MaxModelLength = 256;
    private const int MaxKeyBytes = 256;

    private static readonly JsonReaderOptions Strict = new() { MaxDepth = 64 };

    /// <summary>A field and not a property, because a property would return a copy of the reader.</summary>
    public Utf8JsonReader Json;

    public JsonBody(in ReadOnlySequence<byte> body) =>
        Json = body.IsSingleSegment ? new Utf8JsonReader(body.FirstSpan, Strict) : new Utf8JsonReader(body, Strict);

    public readonly JsonTokenType Token => Json.TokenType;

    /// <summary>Whether the caller caused the exception: malformed JSON, or a name or short value with a lone surrogate.</summary>
    public static bool IsMistake(Exception exception) => exception is JsonException or InvalidOperationException;

    /// <summary>Returns the error for an exception that reading this body has thrown.</summary>
    public readonly ApiError Describe(Exception exception)
    {
        if (exception is not JsonException malformed)
        {
            // A name or short value with a lone surrogate. Longer texts are checked where they are read.
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

    /// <summary>Moves to the first field. Returns an error if the body is not an object.</summary>
    /// <param name="expected">The required fields, for example <c>'model' and 'input'</c>.</param>
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

    /// <summary>Moves to the next name of an object. Returns false at its end.</summary>
    public bool NextName() => Json.Read() && Token == JsonTokenType.PropertyName;

    /// <summary>Whether the reader stands at this name. If so, moves to its value.</summary>
    public bool Is(ReadOnlySpan<byte> name) => Json.ValueTextEquals(name) && Json.Read();

    /// <summary>Reads to the end of the body. Throws if something follows the JSON value.</summary>
    public void Close()
    {
        while (Json.Read())
        {
        }
    }

    /// <summary>Skips from an item of an array to the end of that array.</summary>
    public void SkipItems()
    {
        do
        {
            Json.Skip();
            Json.Read();
        }
        while (Token != JsonTokenType.EndArray);
    }

    /// <summary>Reads a model name.</summary>
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

    /// <summary>Reads a string or null.</summary>
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

    /// <summary>
    /// Reads a string or null whose text only has to be told from other texts. It is kept as it was written, with its escapes; a long one is kept as its SHA-256.
    /// </summary>
    public ApiError? AnyText(string name, out string? key)
    {
        key = null;
        if (Token == JsonTokenType.String)
        {
            var bytes = Json.HasValueSequence ? Json.ValueSequence.ToArray() : Json.ValueSpan;
            key = bytes.Length <= MaxKeyBytes ? Encoding.UTF8.GetString(bytes) : Convert.ToHexStringLower(SHA256.HashData(bytes));
        }

        return AnyText(name);
    }

    /// <summary>Accepts a string or null and ignores the content.</summary>
    public ApiError? AnyText(string name) => Token is JsonTokenType.String or JsonTokenType.Null ? null : WrongType(name, "a string");

    /// <summary>Reads true or false; null gives <paramref name="absent"/>.</summary>
    public ApiError? Boolean(string name, bool absent, out bool value)
    {
        value = Token == JsonTokenType.Null ? absent : Token == JsonTokenType.True;
        return Token is JsonTokenType.True or JsonTokenType.False or JsonTokenType.Null ? null : WrongType(name, "true or false");
    }

    /// <summary>Reads a whole number or null.</summary>
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

    /// <summary>Reads a number in a closed range, or null.</summary>
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

        // Parse as float64 first: 1e999 then becomes infinite, and 2.00000001 stays above 2.
        if (Json.TryGetDouble(out var number) && number >= least && number <= most)
        {
            value = (float)number;
            return null;
        }

        return ApiError.Invalid("invalid_value", $"'{name}' is {NumberText()}: it must be a number from {Invariant(least)} to {Invariant(most)}.", name);
    }

    /// <summary>Reads a text. Returns false if it is not valid Unicode, which the reader only detects when it decodes.</summary>
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

    /// <summary>Returns the error for a value of the wrong type, and skips the value.</summary>
    public ApiError WrongType(string param, string expected)
    {
        var error = ApiError.WrongType(param, expected, Kind(Token));
        Json.Skip();
        return error;
    }

    public static ApiError InvalidText(string param) =>
        ApiError.Invalid("invalid_value", $"'{param}' is not valid Unicode: it has bytes that are not UTF-8, or half of a surrogate pair.", param);

    /// <summary>Returns the number as the caller wrote it, unless that text is long.</summary>
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
