using System.Globalization;
using System.Text.Json;
using Meridian.Gateway.Errors;
using Meridian.Gateway.Http;

namespace Meridian.Gateway.Bodies;

/// <summary>
/// A field that is a text, an array of texts, an array of token ids, or an array of such arrays. The first item decides which kind of array it is.
/// After an error, and beyond the limit, items are only counted: a wrong array of any size costs one scan and no memory.
/// </summary>
/// <param name="field">Name of the field.</param>
/// <param name="maxItems">Maximum number of items.</param>
/// <param name="emptyTexts">Whether texts may be empty.</param>
internal struct TextsOrTokens(string field, int maxItems, bool emptyTexts)
{
    private const string Expected = "a string, an array of strings, an array of token ids, or an array of such arrays";

    /// <value>Set if the field holds texts and there is no <see cref="Error"/>.</value>
    public string[]? Texts { get; private set; }

    /// <value>Set if the field holds token ids and there is no <see cref="Error"/>.</value>
    public int[][]? Tokens { get; private set; }

    public ApiError? Error { get; private set; }

    /// <summary>Returns the error for a field that is missing.</summary>
    public readonly ApiError Missing() => ApiError.Missing(field, Expected);

    public readonly bool IsMissing => Texts is null && Tokens is null && Error is null;

    /// <summary>Reads the field's value. The value of an earlier field with the same name is discarded.</summary>
    public void Read(ref JsonBody body)
    {
        Texts = null;
        Tokens = null;
        Error = null;
        switch (body.Token)
        {
            case JsonTokenType.String:
                Texts = ReadItem(ref body, -1) is { } text ? [text] : null;
                break;
            case JsonTokenType.StartArray:
                ReadArray(ref body);
                break;
            default:
                Error = body.WrongType(field, Expected);
                break;
        }
    }

    /// <summary>Reads token ids up to the end of an array. Returns null and an error if the array is not valid.</summary>
    /// <param name="body">Stands at the token after the opening bracket.</param>
    /// <param name="field">Name of the field.</param>
    /// <param name="item">Index of the array in the field, or -1 if the field itself is the array.</param>
    /// <param name="empty">Whether the array may be empty.</param>
    public static int[]? ReadTokens(ref JsonBody body, string field, int item, bool empty, out ApiError? error)
    {
        error = null;
        if (body.Token == JsonTokenType.EndArray)
        {
            error = empty ? null : ApiError.Invalid("invalid_value", $"'{Name(field, item)}' is empty: it must have at least one token id.", Name(field, item));
            return empty ? [] : null;
        }

        using var tokens = new PooledList<int>();
        do
        {
            if (body.Token == JsonTokenType.Number && body.Json.TryGetInt32(out var token) && token >= 0)
            {
                tokens.Add(token);
            }
            else
            {
                var name = string.Create(CultureInfo.InvariantCulture, $"{Name(field, item)}[{tokens.Count}]");
                error = body.Token == JsonTokenType.Number
                    ? ApiError.Invalid("invalid_value", $"'{name}' is {body.NumberText()}: a token id is a whole number from 0 to 2147483647.", name)
                    : body.WrongType(name, "a token id (a whole number)");
                body.SkipItems();
                return null;
            }

            body.Json.Read();
        }
        while (body.Token != JsonTokenType.EndArray);
        return tokens.ToArray();
    }

    private static string Name(string field, int item) => item < 0 ? field : string.Create(CultureInfo.InvariantCulture, $"{field}[{item}]");

    private void ReadArray(ref JsonBody body)
    {
        body.Json.Read();
        switch (body.Token)
        {
            case JsonTokenType.EndArray:
                Error = ApiError.Invalid("invalid_value", $"'{field}' is an empty array: it must have at least one item.", field);
                break;
            case JsonTokenType.String:
                Texts = ReadTexts(ref body);
                break;
            case JsonTokenType.StartArray:
                Tokens = ReadTokenArrays(ref body);
                break;
            case JsonTokenType.Number:
                Tokens = ReadTokens(ref body, field, -1, empty: false, out var error) is { } tokens ? [tokens] : null;
                Error = error;
                break;
            default:
                Error = body.WrongType(Name(field, 0), "a string, a token id or an array of token ids");
                body.SkipItems();
                break;
        }
    }

    private string[]? ReadTexts(ref JsonBody body)
    {
        using var items = new PooledList<string>();
        var count = 0;
        do
        {
            if (SkipsUnwanted(ref body, count))
            {
                continue;
            }

            if (body.Token != JsonTokenType.String)
            {
                Error = body.WrongType(Name(field, count), "a string like the items before it");
            }
            else if (ReadItem(ref body, count) is { } text)
            {
                items.Add(text);
            }
        }
        while (NextItem(ref body, ref count));
        return Judge(count) ? items.ToArray() : null;
    }

    private int[][]? ReadTokenArrays(ref JsonBody body)
    {
        using var items = new PooledList<int[]>();
        var count = 0;
        do
        {
            if (SkipsUnwanted(ref body, count))
            {
                continue;
            }

            if (body.Token != JsonTokenType.StartArray)
            {
                Error = body.WrongType(Name(field, count), "an array of token ids like the items before it");
                continue;
            }

            body.Json.Read();
            if (ReadTokens(ref body, field, count, empty: false, out var error) is { } tokens)
            {
                items.Add(tokens);
            }

            Error = error;
        }
        while (NextItem(ref body, ref count));
        return Judge(count) ? items.ToArray() : null;
    }

    private readonly bool SkipsUnwanted(ref JsonBody body, int count)
    {
        if (Error is null && count < maxItems)
        {
            return false;
        }

        body.Json.Skip();
        return true;
    }

    /// <summary>Moves to the next item. Returns false at the end of the array.</summary>
    private static bool NextItem(ref JsonBody body, ref int count)
    {
        count++;
        body.Json.Read();
        return body.Token != JsonTokenType.EndArray;
    }

    private bool Judge(int count)
    {
        if (count > maxItems)
        {
            Error = ApiError.Invalid("too_many_items", string.Create(CultureInfo.InvariantCulture, $"'{field}' has {count} items: at most {maxItems} are taken in one request."), field);
        }

        return Error is null;
    }

    /// <summary>Reads the text of an item. Returns null and sets <see cref="Error"/> if it is not valid.</summary>
    /// <param name="item">Index in the field, or -1 if the field itself is the item.</param>
    private string? ReadItem(ref JsonBody body, int item)
    {
        if (!body.TryText(out var text))
        {
            Error = JsonBody.InvalidText(Name(field, item));
        }
        else if (text.Length == 0 && !emptyTexts)
        {
            Error = ApiError.Invalid("invalid_value", $"'{Name(field, item)}' is an empty string: every item must have at least one character.", Name(field, item));
            return null;
        }

        return text;
    }
}
