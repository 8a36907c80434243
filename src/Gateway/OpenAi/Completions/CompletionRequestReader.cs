using System.Buffers;
using System.Globalization;
using Meridian.Gateway.Bodies;
using Meridian.Gateway.Errors;
using Meridian.Gateway.OpenAi.Generation.Requests;
using Meridian.Messages;

namespace Meridian.Gateway.OpenAi.Completions;

/// <summary>
/// Reads the body of <c>/v1/completions</c>. Malformed JSON is reported before any other error. If a field is repeated, its last value and the errors of that
/// value count.
/// </summary>
internal ref struct CompletionRequestReader
{
    private JsonBody _body;
    private GenerationParameters _parameters;
    private TextsOrTokens _prompt;
    private int? _logprobs;
    private int? _bestOf;
    private bool _echo;

    private CompletionRequestReader(in ReadOnlySequence<byte> body)
    {
        _body = new JsonBody(body);
        _parameters = new GenerationParameters();
        _prompt = new TextsOrTokens("prompt", GenerationInput.MaxChoices, emptyTexts: true);
    }

    /// <summary>Parses a body. Never throws for input that a caller can send.</summary>
    public static ApiError? Read(in ReadOnlySequence<byte> body, long drawnSeed, out GenerationRequest request)
    {
        request = null!;
        if (body.IsEmpty)
        {
            return ApiError.Invalid("invalid_json", "The request body is empty. Send a JSON object with 'model' and 'prompt'.");
        }

        var reader = new CompletionRequestReader(body);
        try
        {
            return reader.Read(drawnSeed, out request);
        }
        catch (Exception exception) when (JsonBody.IsMistake(exception))
        {
            return reader._body.Describe(exception);
        }
    }

    private ApiError? Read(long drawnSeed, out GenerationRequest request)
    {
        request = null!;
        if (_body.Open("'model' and 'prompt'") is { } error)
        {
            return error;
        }

        while (_body.NextName())
        {
            if (_body.Is("prompt"u8))
            {
                _prompt.Read(ref _body);
                _parameters.Judge("prompt", _prompt.Error);
            }
            else if (_body.Is("logprobs"u8))
            {
                _parameters.Judge("logprobs", _body.Integer("logprobs", 0, GenerationLimits.MaxLegacyLogprobs, out _logprobs));
            }
            else if (_body.Is("best_of"u8))
            {
                _parameters.Judge("best_of", _body.Integer("best_of", 1, GenerationInput.MaxChoices, out _bestOf));
            }
            else if (_body.Is("echo"u8))
            {
                _parameters.Judge("echo", _body.Boolean("echo", absent: false, out _echo));
            }
            else
            {
                _parameters.Read(ref _body);
            }
        }

        _body.Close();
        if (_parameters.First is { } mistake)
        {
            return mistake;
        }

        if (_prompt.IsMissing)
        {
            return _prompt.Missing();
        }

        return JudgeTogether() ?? _parameters.Complete(Prompts(), _logprobs, GenerationLimits.LegacyMaxTokens, _echo, drawnSeed, out request);
    }

    private readonly ApiError? JudgeTogether()
    {
        var n = _parameters.ChoicesPerPrompt;
        if (_bestOf < n)
        {
            return ApiError.Invalid("invalid_value", string.Create(CultureInfo.InvariantCulture, $"'best_of' is {_bestOf} and 'n' is {n}: the best are taken of at least as many."), "best_of");
        }

        if (_bestOf > n)
        {
            return ApiError.Unsupported("best_of", string.Create(CultureInfo.InvariantCulture, $"'best_of' is {_bestOf} and 'n' is {n}: to generate more than is returned is not supported."));
        }

        return _echo && _logprobs is not null
            ? ApiError.Unsupported("logprobs", "'logprobs' together with 'echo' is not supported: a prompt's tokens have no log probabilities here.")
            : null;
    }

    private readonly PromptInput[] Prompts() =>
        _prompt.Texts is { } texts
            ? Array.ConvertAll(texts, static text => new PromptInput { Text = text })
            : Array.ConvertAll(_prompt.Tokens!, static ids => new PromptInput { TokenIds = ids });
}
