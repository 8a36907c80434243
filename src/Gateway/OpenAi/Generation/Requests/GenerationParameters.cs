using System.Globalization;
using System.Text.Json;
using Meridian.Gateway.Bodies;
using Meridian.Gateway.Errors;
using Meridian.Messages;

namespace Meridian.Gateway.OpenAi.Generation.Requests;

/// <summary>The fields that chat completions and completions share, as they are read from a body one by one.</summary>
internal struct GenerationParameters
{
    private float? _temperature;
    private float? _topP;
    private int? _topK;
    private float? _minP;
    private float? _repetitionPenalty;
    private float? _presencePenalty;
    private float? _frequencyPenalty;
    private LogitBias[] _logitBias;
    private string[] _stop;
    private long? _seed;
    private int? _n;
    private int? _maxTokens;
    private int? _maxCompletionTokens;
    private string? _model;
    private bool _stream;
    private bool _includeUsage;
    private bool _hasStreamOptions;
    private bool _ignoreEndOfText;
    private string? _serviceTier;
    private string? _cacheKey;
    private FieldErrors _errors;

    public GenerationParameters()
    {
        _logitBias = [];
        _stop = [];
    }

    /// <value>The first mistake of the fields read so far, or null.</value>
    public readonly ApiError? First => _errors.First;

    /// <value>Choices of each prompt.</value>
    public readonly int ChoicesPerPrompt => _n ?? 1;

    /// <summary>Keeps a mistake of a field that the caller of this has read, or takes it back.</summary>
    public void Judge(string field, ApiError? error) => _errors.Set(field, error);

    /// <summary>Reads the field at whose name the reader stands; one that nobody knows is skipped, one that cannot be served is a mistake.</summary>
    public void Read(ref JsonBody body)
    {
        if (body.Is("model"u8))
        {
            Judge("model", body.Model(out _model));
        }
        else if (body.Is("stream"u8))
        {
            Judge("stream", body.Boolean("stream", absent: false, out _stream));
        }
        else if (body.Is("max_tokens"u8))
        {
            Judge("max_tokens", body.Integer("max_tokens", 1, int.MaxValue, out _maxTokens));
        }
        else if (body.Is("max_completion_tokens"u8))
        {
            Judge("max_completion_tokens", body.Integer("max_completion_tokens", 1, int.MaxValue, out _maxCompletionTokens));
        }
        else if (body.Is("n"u8))
        {
            Judge("n", body.Integer("n", 1, GenerationInput.MaxChoices, out _n));
        }
        else if (body.Is("stop"u8))
        {
            Judge("stop", ReadStop(ref body, out _stop));
        }
        else if (body.Is("stream_options"u8))
        {
            Judge("stream_options", ReadStreamOptions(ref body));
        }
        else if (body.Is("ignore_eos"u8))
        {
            Judge("ignore_eos", body.Boolean("ignore_eos", absent: false, out _ignoreEndOfText));
        }
        else if (!TryReadSampling(ref body) && !TryReadHarmless(ref body))
        {
            UnsupportedFields.Read(ref body, ref _errors);
        }
    }

    /// <summary>The request of fields without a mistake of their own, or how they contradict one another.</summary>
    /// <param name="prompts">What to continue.</param>
    /// <param name="topLogprobs">As in <see cref="GenerationInput.TopLogprobs"/>.</param>
    /// <param name="maxTokens">Most tokens where the caller does not say; null goes on to the end of the context.</param>
    /// <param name="echo">Whether the prompts' texts are wanted.</param>
    /// <param name="drawnSeed">For a caller who gave none.</param>
    /// <param name="request">Valid where null is answered.</param>
    public readonly ApiError? Complete(PromptInput[] prompts, int? topLogprobs, int? maxTokens, bool echo, long drawnSeed, out GenerationRequest request)
    {
        request = null!;
        if (_model is null)
        {
            return ApiError.Missing("model", "the name of a model, as /v1/models lists it");
        }

        if (_hasStreamOptions && !_stream)
        {
            return ApiError.Invalid("invalid_value", "'stream_options' is only taken together with 'stream': true.", "stream_options");
        }

        if (_maxTokens is { } older && _maxCompletionTokens is { } newer && older != newer)
        {
            return ApiError.Invalid("invalid_value", string.Create(CultureInfo.InvariantCulture, $"'max_tokens' is {older} and 'max_completion_tokens' is {newer}: they mean the same, so give one of them."), "max_tokens");
        }

        var choices = (long)prompts.Length * ChoicesPerPrompt;
        if (choices > GenerationInput.MaxChoices)
        {
            return ApiError.Invalid("invalid_value", string.Create(CultureInfo.InvariantCulture, $"'n' is {ChoicesPerPrompt} for {prompts.Length} prompts, which makes {choices} choices: at most {GenerationInput.MaxChoices} are taken in one request."), "n");
        }

        var input = new GenerationInput
        {
            Prompts = prompts,
            ChoicesPerPrompt = ChoicesPerPrompt,
            MaxTokens = _maxCompletionTokens ?? _maxTokens ?? maxTokens,
            Sampling = new SamplingInput
            {
                Temperature = _temperature ?? 1,
                // A nucleus of nothing is the most probable token alone.
                TopP = Math.Max(_topP ?? 1, float.Epsilon),
                TopK = Math.Max(_topK ?? 0, 0),
                MinP = _minP ?? 0,
                RepetitionPenalty = _repetitionPenalty ?? 1,
                PresencePenalty = _presencePenalty ?? 0,
                FrequencyPenalty = _frequencyPenalty ?? 0,
                LogitBias = _logitBias,
                Seed = _seed ?? drawnSeed,
            },
            Stop = _stop,
            TopLogprobs = topLogprobs,
            IgnoreEndOfText = _ignoreEndOfText,
            Echo = echo,
            Reproducible = _seed is not null || _temperature == 0,
        };
        var tier = ServiceTier.Served(_serviceTier);
        request = new GenerationRequest(_model, input, _stream, _includeUsage)
        {
            Tier = tier,
            EchoedTier = _serviceTier is null ? null : tier ?? ServiceTier.Default,
            Affinity = _cacheKey,
        };
        return null;
    }

    private bool TryReadSampling(ref JsonBody body)
    {
        if (body.Is("temperature"u8))
        {
            Judge("temperature", body.Number("temperature", 0, 2, out _temperature));
        }
        else if (body.Is("top_p"u8))
        {
            Judge("top_p", body.Number("top_p", 0, 1, out _topP));
        }
        else if (body.Is("top_k"u8))
        {
            // -1 says all, as vLLM has it.
            Judge("top_k", body.Integer("top_k", -1, int.MaxValue, out _topK));
        }
        else if (body.Is("min_p"u8))
        {
            Judge("min_p", body.Number("min_p", 0, 1, out _minP));
        }
        else if (body.Is("repetition_penalty"u8))
        {
            Judge("repetition_penalty", body.Number("repetition_penalty", 0.01f, 100, out _repetitionPenalty));
        }
        else if (body.Is("presence_penalty"u8))
        {
            Judge("presence_penalty", body.Number("presence_penalty", -2, 2, out _presencePenalty));
        }
        else if (body.Is("frequency_penalty"u8))
        {
            Judge("frequency_penalty", body.Number("frequency_penalty", -2, 2, out _frequencyPenalty));
        }
        else if (body.Is("logit_bias"u8))
        {
            Judge("logit_bias", ReadLogitBias(ref body, out _logitBias));
        }
        else if (body.Is("seed"u8))
        {
            Judge("seed", ReadSeed(ref body, out _seed));
        }
        else
        {
            return false;
        }

        return true;
    }

    /// <summary>Fields that do not change the answer; of some only their types are looked at. And those that change it unless they say what is done anyway.</summary>
    private bool TryReadHarmless(ref JsonBody body)
    {
        if (body.Is("user"u8))
        {
            Judge("user", body.AnyText("user"));
        }
        else if (body.Is("metadata"u8))
        {
            Judge("metadata", ReadMetadata(ref body));
        }
        else if (body.Is("store"u8))
        {
            Judge("store", body.Boolean("store", absent: false, out _));
        }
        else if (body.Is("service_tier"u8))
        {
            Judge("service_tier", ReadServiceTier(ref body, out _serviceTier));
        }
        else if (body.Is("prompt_cache_key"u8))
        {
            Judge("prompt_cache_key", ReadCacheKey(ref body, out _cacheKey));
        }
        else if (body.Is("safety_identifier"u8))
        {
            Judge("safety_identifier", body.AnyText("safety_identifier"));
        }
        else if (body.Is("parallel_tool_calls"u8))
        {
            Judge("parallel_tool_calls", body.Boolean("parallel_tool_calls", absent: true, out _));
        }
        else if (body.Is("response_format"u8))
        {
            Judge("response_format", ReadResponseFormat(ref body));
        }
        else if (body.Is("modalities"u8))
        {
            Judge("modalities", ReadModalities(ref body));
        }
        else
        {
            return false;
        }

        return true;
    }

    /// <summary>A tier that is known, or null.</summary>
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

    /// <summary>A key of the caller's own, or null. An empty one is none.</summary>
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

    private static ApiError? ReadStop(ref JsonBody body, out string[] stop)
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

    private static ApiError? ReadLogitBias(ref JsonBody body, out LogitBias[] biases)
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
            // Beyond the limit, as after a mistake, nothing is kept.
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

    private static ApiError? ReadSeed(ref JsonBody body, out long? seed)
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

    private ApiError? ReadStreamOptions(ref JsonBody body)
    {
        _includeUsage = false;
        _hasStreamOptions = body.Token != JsonTokenType.Null;
        if (!_hasStreamOptions)
        {
            return null;
        }

        if (body.Token != JsonTokenType.StartObject)
        {
            return body.WrongType("stream_options", "an object");
        }

        ApiError? usageError = null;
        ApiError? obfuscationError = null;
        ApiError? continuousError = null;
        while (body.NextName())
        {
            if (body.Is("include_usage"u8))
            {
                usageError = body.Boolean("stream_options.include_usage", absent: false, out _includeUsage);
            }
            else if (body.Is("include_obfuscation"u8))
            {
                // Padding against those who guess text from the sizes of packets: taken, and left out.
                obfuscationError = body.Boolean("stream_options.include_obfuscation", absent: false, out _);
            }
            else if (body.Is("continuous_usage_stats"u8))
            {
                continuousError = body.Boolean("stream_options.continuous_usage_stats", absent: false, out var continuous)
                    ?? (continuous ? ApiError.Unsupported("stream_options.continuous_usage_stats", "'stream_options.continuous_usage_stats' is not supported. Leave it out; 'include_usage' brings the usage at the end.") : null);
            }
            else
            {
                body.Json.Skip();
            }
        }

        return usageError ?? obfuscationError ?? continuousError;
    }

    private static ApiError? ReadMetadata(ref JsonBody body)
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

    private static ApiError? ReadResponseFormat(ref JsonBody body)
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

    private static ApiError? ReadModalities(ref JsonBody body)
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
