using System.Globalization;
using System.Text;
using System.Text.Json;
using Meridian.Gateway.Bodies;
using Meridian.Gateway.Errors;
using Meridian.Gateway.Http;
using Meridian.Messages;

namespace Meridian.Gateway.OpenAi.Generation.Requests;

/// <summary>
/// Reads the messages of a conversation. The parts of a message's content are joined without a separator. A part that is not text is refused; the error gives
/// its position and type.
/// After the first error the rest is skipped.
/// </summary>
internal static class ChatMessageReader
{
    private const string Roles = "'system', 'developer', 'user' or 'assistant'";

    /// <summary>Reads an array of messages. The reader stands at its first token.</summary>
    /// <param name="messages">At least one message, or null if there is an error.</param>
    public static ApiError? Read(ref JsonBody body, out ChatMessage[]? messages)
    {
        messages = null;
        if (body.Token != JsonTokenType.StartArray)
        {
            return body.WrongType("messages", "an array of messages");
        }

        using var turns = new PooledList<ChatMessage>();
        ApiError? error = null;
        for (body.Json.Read(); body.Token != JsonTokenType.EndArray; body.Json.Read())
        {
            if (error is not null)
            {
                body.Json.Skip();
                continue;
            }

            error = ReadMessage(ref body, turns.Count, out var message);
            turns.Add(message!);
        }

        if (error is null && turns.Count == 0)
        {
            error = ApiError.Invalid("invalid_value", "'messages' is an empty array: it must have at least one message.", "messages");
        }

        if (error is null)
        {
            messages = turns.ToArray();
        }

        return error;
    }

    private static ApiError? ReadMessage(ref JsonBody body, int index, out ChatMessage? message)
    {
        message = null;
        if (body.Token != JsonTokenType.StartObject)
        {
            return body.WrongType(Name(index), "an object with 'role' and 'content'");
        }

        string? role = null;
        string? content = null;
        string? name = null;
        ApiError? roleError = null;
        ApiError? contentError = null;
        ApiError? nameError = null;
        ApiError? callsError = null;
        while (body.NextName())
        {
            if (body.Is("role"u8))
            {
                roleError = ReadRole(ref body, index, out role);
            }
            else if (body.Is("content"u8))
            {
                contentError = ReadContent(ref body, index, out content);
            }
            else if (body.Is("name"u8))
            {
                nameError = body.Text(Name(index, ".name"), out name);
            }
            else if (body.Is("tool_calls"u8) || body.Is("function_call"u8) || body.Is("audio"u8))
            {
                callsError ??= ReadForeign(ref body, index);
            }
            else
            {
                body.Json.Skip();
            }
        }

        if ((roleError ?? contentError ?? nameError ?? callsError) is { } error)
        {
            return error;
        }

        if (role is null)
        {
            return ApiError.Missing(Name(index, ".role"), Roles);
        }

        if (content is null)
        {
            return ApiError.Missing(Name(index, ".content"), "a string or an array of parts");
        }

        message = new ChatMessage { Role = role, Content = content, Name = name };
        return null;
    }

    private static ApiError? ReadRole(ref JsonBody body, int index, out string? role)
    {
        role = null;
        if (body.Token != JsonTokenType.String)
        {
            return body.WrongType(Name(index, ".role"), Roles);
        }

        role = body.Json.ValueTextEquals("user"u8) ? "user"
            : body.Json.ValueTextEquals("assistant"u8) ? "assistant"
            : body.Json.ValueTextEquals("system"u8) ? "system"
            : body.Json.ValueTextEquals("developer"u8) ? "developer"
            : null;
        if (role is not null)
        {
            return null;
        }

        var param = Name(index, ".role");
        if (!body.TryText(out var text))
        {
            return JsonBody.InvalidText(param);
        }

        return text is "tool" or "function"
            ? ApiError.Unsupported(param, $"'{param}' is '{text}': tools are not supported.")
            : ApiError.Invalid("invalid_value", $"'{param}' is '{ApiError.Shorten(text)}': it must be {Roles}.", param);
    }

    private static ApiError? ReadContent(ref JsonBody body, int index, out string? content)
    {
        content = null;
        switch (body.Token)
        {
            case JsonTokenType.String:
                return body.TryText(out content) ? null : JsonBody.InvalidText(Name(index, ".content"));
            case JsonTokenType.StartArray:
                return ReadParts(ref body, index, out content);
            case JsonTokenType.Null:
                return null;
            default:
                return body.WrongType(Name(index, ".content"), "a string or an array of parts");
        }
    }

    private static ApiError? ReadParts(ref JsonBody body, int index, out string? content)
    {
        content = null;
        ApiError? error = null;
        StringBuilder? joined = null;
        var part = 0;
        for (body.Json.Read(); body.Token != JsonTokenType.EndArray; body.Json.Read(), part++)
        {
            if (error is not null)
            {
                body.Json.Skip();
                continue;
            }

            error = ReadPart(ref body, index, part, out var text);
            if (part == 0)
            {
                content = text;
            }
            else
            {
                joined ??= new StringBuilder(content);
                joined.Append(text);
            }
        }

        if (error is null && part == 0)
        {
            error = ApiError.Invalid("invalid_value", $"'{Name(index, ".content")}' is an empty array: it must have at least one part.", Name(index, ".content"));
        }

        content = error is null ? joined?.ToString() ?? content : null;
        return error;
    }

    private static ApiError? ReadPart(ref JsonBody body, int index, int part, out string? text)
    {
        text = null;
        var name = string.Create(CultureInfo.InvariantCulture, $"messages[{index}].content[{part}]");
        if (body.Token != JsonTokenType.StartObject)
        {
            return body.WrongType(name, "an object with 'type'");
        }

        string? type = null;
        ApiError? typeError = null;
        ApiError? textError = null;
        while (body.NextName())
        {
            if (body.Is("type"u8))
            {
                typeError = body.Text(name + ".type", out type);
            }
            else if (body.Is("text"u8))
            {
                textError = body.Text(name + ".text", out text);
            }
            else
            {
                body.Json.Skip();
            }
        }

        if (typeError is not null)
        {
            return typeError;
        }

        if (type is null)
        {
            return ApiError.Missing(name + ".type", "'text'");
        }

        if (type != "text")
        {
            return ApiError.Unsupported(name, $"'{name}' is of type '{ApiError.Shorten(type)}': only parts of type 'text' are supported.");
        }

        return textError ?? (text is null ? ApiError.Missing(name + ".text", "a string") : null);
    }

    /// <summary>
    /// Reads a field that an assistant message may have besides text. Null and an empty array are accepted, because clients send messages back as they
    /// received them.
    /// </summary>
    private static ApiError? ReadForeign(ref JsonBody body, int index)
    {
        if (body.Token == JsonTokenType.Null)
        {
            return null;
        }

        if (body.Token == JsonTokenType.StartArray)
        {
            body.Json.Read();
            if (body.Token == JsonTokenType.EndArray)
            {
                return null;
            }

            body.SkipItems();
        }
        else
        {
            body.Json.Skip();
        }

        return ApiError.Unsupported(Name(index), $"'{Name(index)}' has tool calls or audio, which are not supported.");
    }

    private static string Name(int index, string member = "") => string.Create(CultureInfo.InvariantCulture, $"messages[{index}]{member}");
}
