using System.Globalization;
using System.Text.Json;
using Meridian.Gateway.Bodies;
using Meridian.Gateway.Errors;
using Meridian.Messages;

namespace Meridian.Gateway.OpenAi.Generation.Requests;

/// <summary>Reads the fields that chat completions and completions share, one after another, from a body.</summary>
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
    private string? _user;
    private FieldErrors _errors;

    public GenerationParameters()
    {
        _logitBias = [];
        _stop = [];
    }

    /// <value>The first error of the fields read so far, or null.</value>
    public readonly ApiError? First => _errors.First;

    /// <value>Number of choices for each prompt.</value>
    public readonly int ChoicesPerPrompt => _n ?? 1;

    /// <summary>Records the result for a field that the caller of this method has read: an error, or null, which removes an earlier error.</summary>
    public void Judge(string field, ApiError? error) => _errors.Set(field, error);

    /// <summary>Reads the field at whose name the reader stands. An unknown field is skipped; a field that cannot be served is an error.</summary>
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
            Judge("stop", GenerationFields.ReadStop(ref body, out _stop));
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

    /// <summary>Builds the request from fields that each are valid. Returns an error if the fields contradict one another.</summary>
    /// <param name="prompts">The prompts to continue.</param>
    /// <param name="topLogprobs">As in <see cref="GenerationInput.TopLogprobs"/>.</param>
    /// <param name="maxTokens">Maximum number of tokens if the caller gives none; null generates to the end of the context.</param>
    /// <param name="echo">Whether the answer repeats the texts of the prompts.</param>
    /// <param name="drawnSeed">Seed for a caller who gave none.</param>
    /// <param name="request">Valid if the method returns null.</param>
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
                // top_p 0 means the most probable token alone.
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
            User = _user,
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
            // -1 means all tokens, as in vLLM.
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
            Judge("logit_bias", GenerationFields.ReadLogitBias(ref body, out _logitBias));
        }
        else if (body.Is("seed"u8))
        {
            Judge("seed", GenerationFields.ReadSeed(ref body, out _seed));
        }
        else
        {
            return false;
        }

        return true;
    }

    /// <summary>
    /// Reads fields that do not change the answer; some of them are only checked for their type. Also reads fields that are accepted only with the value that
    /// asks for the normal behavior.
    /// </summary>
    private bool TryReadHarmless(ref JsonBody body)
    {
        if (body.Is("user"u8))
        {
            Judge("user", body.AnyText("user", out _user));
        }
        else if (body.Is("metadata"u8))
        {
            Judge("metadata", GenerationFields.ReadMetadata(ref body));
        }
        else if (body.Is("store"u8))
        {
            Judge("store", body.Boolean("store", absent: false, out _));
        }
        else if (body.Is("service_tier"u8))
        {
            Judge("service_tier", GenerationFields.ReadServiceTier(ref body, out _serviceTier));
        }
        else if (body.Is("prompt_cache_key"u8))
        {
            Judge("prompt_cache_key", GenerationFields.ReadCacheKey(ref body, out _cacheKey));
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
            Judge("response_format", GenerationFields.ReadResponseFormat(ref body));
        }
        else if (body.Is("modalities"u8))
        {
            Judge("modalities", GenerationFields.ReadModalities(ref body));
        }
        else
        {
            return false;
        }

        return true;
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
                // Padding that hides the text length from observers of packet sizes. The field is accepted, and no padding is sent.
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
}
