using System.Globalization;
using System.Text.Json;
using Meridian.Gateway.Bodies;
using Meridian.Gateway.Errors;
using Meridian.Messages;

namespace Meridian.Gateway.OpenAi.Generation.Requests;

/// <summary>
/// Reads the values of single fields that are more complex than a number or a string. Each method returns an error or null; afterwards the reader stands at
/// the end of the value.
/// </summary>
internal static class GenerationFields
{
    /// <summary>Reads a service tier. The tier must be known; it may be null.</summary>
    public static ApiError? ReadServiceTier(ref JsonBody body, out string? tier)
    {
        var error = body.Text("service_tier", out tier);
        if (error is null && tier is not null && !ServiceTier.IsKnown(tier))
        {
            error = ServiceTier.Unknown(tier, "service_tier");
            tier = null;
        }

        return error;
    }

    /// <summary>Reads the caller's cache key, which may be null. An empty key counts as none.</summary>
    public static ApiError? ReadCacheKey(ref JsonBody body, out string? key)
    {
        var error = body.Text("prompt_cache_key", out key);
        if (error is null && key is { Length: > GenerationLimits.MaxCacheKeyLength })
        {
            error = ApiError.Invalid("invalid_value", string.Create(CultureInfo.InvariantCulture, $"'prompt_cache_key' has {key.Length} characters: at most {GenerationLimits.MaxCacheKeyLength} are taken."), "prompt_cache_key");
        }

        key = error is null && key is { Length: > 0 } ? key : null;
        return error;
    }

    public static ApiError? ReadStop(ref JsonBody body, out string[] stop)
    {
        stop = [];
        ApiError? error = null;
        switch (body.Token)
        {
            case JsonTokenType.Null:
                return null;
            case JsonTokenType.String:
                if (ReadStopText(ref body, "stop", ref error) is { } only)
                {
                    stop = [only];
                }

                return error;
            case JsonTokenType.StartArray:
                break;
            default:
                return body.WrongType("stop", $"a string or an array of up to {GenerationInput.MaxStops} strings");
        }

        var texts = new List<string>();
        var count = 0;
        for (body.Json.Read(); body.Token != JsonTokenType.EndArray; body.Json.Read())
        {
            if (error is not null || count >= GenerationInput.MaxStops)
            {
                body.Json.Skip();
            }
            else if (ReadStopText(ref body, $"stop[{count}]", ref error) is { } text)
            {
                texts.Add(text);
            }

            count++;
        }

        if (count > GenerationInput.MaxStops)
        {
            error = ApiError.Invalid("too_many_items", string.Create(CultureInfo.InvariantCulture, $"'stop' has {count} strings: at most {GenerationInput.MaxStops} are taken."), "stop");
        }

        if (error is null)
        {
            stop = [.. texts];
        }

        return error;
    }

    private static string? ReadStopText(ref JsonBody body, string name, ref ApiError? error)
    {
        if (body.Token != JsonTokenType.String)
        {
            error = body.WrongType(name, "a string");
            return null;
        }

        error = body.Text(name, out var text);
        if (text is { Length: 0 })
        {
            error = ApiError.Invalid("invalid_value", $"'{name}' is empty: a stop string must have at least one character.", name);
        }
        else if (text is { Length: > GenerationInput.MaxStopLength })
        {
            error = ApiError.Invalid("invalid_value", string.Create(CultureInfo.InvariantCulture, $"'{name}' has {text.Length} characters: at most {GenerationInput.MaxStopLength} are taken."), name);
        }

        return error is null ? text : null;
    }

    public static ApiError? ReadLogitBias(ref JsonBody body, out LogitBias[] biases)
    {
        biases = [];
        if (body.Token == JsonTokenType.Null)
        {
            return null;
        }

        if (body.Token != JsonTokenType.StartObject)
        {
            return body.WrongType("logit_bias", "an object of token ids and their biases");
        }

        ApiError? error = null;
        var found = new Dictionary<int, float>();
        while (body.NextName())
        {
            // After an error, and beyond the limit, the remaining entries are only skipped.
            if (error is not null || found.Count > GenerationLimits.MaxBiases)
            {
                body.Json.Skip();
                continue;
            }

            var name = body.Json.GetString()!;
            var field = $"logit_bias.{ApiError.Shorten(name)}";
            body.Json.Read();
            if (!int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var token))
            {
                body.Json.Skip();
                error = ApiError.Invalid("invalid_value", $"'logit_bias' has the key '{ApiError.Shorten(name)}': a key is a token id, a whole number from 0 to 2147483647.", field);
            }
            else
            {
                error = body.Token == JsonTokenType.Null ? body.WrongType(field, "a number") : body.Number(field, -100, 100, out var bias) ?? Keep(found, token, bias!.Value);
            }
        }

        if (error is null && found.Count > GenerationLimits.MaxBiases)
        {
            error = ApiError.Invalid("too_many_items", string.Create(CultureInfo.InvariantCulture, $"'logit_bias' has more than {GenerationLimits.MaxBiases} tokens, which is the most that is taken."), "logit_bias");
        }

        if (error is null && found.Count > 0)
        {
            biases = new LogitBias[found.Count];
            var i = 0;
            foreach (var (token, bias) in found)
            {
                biases[i++] = new LogitBias(token, bias);
            }
        }

        return error;
    }

    private static ApiError? Keep(Dictionary<int, float> found, int token, float bias)
    {
        found[token] = bias;
        return null;
    }

    public static ApiError? ReadSeed(ref JsonBody body, out long? seed)
    {
        seed = null;
        if (body.Token == JsonTokenType.Null)
        {
            return null;
        }

        if (body.Token != JsonTokenType.Number)
        {
            return body.WrongType("seed", "a whole number");
        }

        if (body.Json.TryGetInt64(out var value))
        {
            seed = value;
            return null;
        }

        return ApiError.Invalid("invalid_value", $"'seed' is {body.NumberText()}: it must be a whole number of 64 bits.", "seed");
    }

    public static ApiError? ReadMetadata(ref JsonBody body)
    {
        if (body.Token == JsonTokenType.Null)
        {
            return null;
        }

        if (body.Token != JsonTokenType.StartObject)
        {
            return body.WrongType("metadata", "an object of strings");
        }

        ApiError? error = null;
        while (body.NextName())
        {
            var name = error is null ? body.Json.GetString()! : "";
            body.Json.Read();
            if (error is null && body.Token != JsonTokenType.String)
            {
                error = body.WrongType($"metadata.{ApiError.Shorten(name)}", "a string");
            }
            else
            {
                body.Json.Skip();
            }
        }

        return error;
    }

    public static ApiError? ReadResponseFormat(ref JsonBody body)
    {
        if (body.Token == JsonTokenType.Null)
        {
            return null;
        }

        if (body.Token != JsonTokenType.StartObject)
        {
            return body.WrongType("response_format", "an object");
        }

        string? type = null;
        ApiError? error = null;
        while (body.NextName())
        {
            if (body.Is("type"u8))
            {
                error = body.Text("response_format.type", out type);
            }
            else
            {
                body.Json.Skip();
            }
        }

        if (error is not null || type == "text")
        {
            return error;
        }

        return type is null
            ? ApiError.Missing("response_format.type", "'text'")
            : ApiError.Unsupported("response_format", $"'response_format' of type '{ApiError.Shorten(type)}' is not supported: only 'text' is.");
    }

    public static ApiError? ReadModalities(ref JsonBody body)
    {
        if (body.Token == JsonTokenType.Null)
        {
            return null;
        }

        if (body.Token != JsonTokenType.StartArray)
        {
            return body.WrongType("modalities", "an array of strings");
        }

        ApiError? error = null;
        for (body.Json.Read(); body.Token != JsonTokenType.EndArray; body.Json.Read())
        {
            if (error is null && body.Token != JsonTokenType.String)
            {
                error = body.WrongType("modalities", "an array of strings");
            }
            else
            {
                if (error is null && !body.Json.ValueTextEquals("text"u8))
                {
                    error = ApiError.Unsupported("modalities", "'modalities' has another one than 'text', which is the only one supported.");
                }

                body.Json.Skip();
            }
        }

        return error;
    }
}
