using System.Text.Json.Nodes;
using Meridian.Gateway.Errors;
using Meridian.Gateway.Http;
using Meridian.Gateway.OpenAi.Generation.Requests;
using Meridian.Messages;
using Microsoft.AspNetCore.Http;
using Microsoft.OpenApi;

namespace Meridian.Gateway.Reference;

/// <summary>Describes the requests and answers of <c>/v1/chat/completions</c>, <c>/v1/completions</c>, <c>/tokenize</c> and <c>/detokenize</c>.</summary>
internal static class GenerationOperations
{
    private const string Usage = "CompletionUsage";
    private const string Message = "ChatMessage";
    private const string RequestNote =
        "JSON, whatever the content type says. Of a repeated field the last counts. Fields that are not known are ignored; those that are known to change the answer and are not supported are refused by name (`unsupported_parameter`).";

    /// <value>Answers of chat completions and completions.</value>
    public static Answer[] Answers { get; } =
    [
        .. InferenceOperation.Answers(typeof(object), "The answer, or with `stream` its chunks as server-sent events. A stream whose first token is far away begins with comments; where it comes from is a comment then, too."),
        new(StatusCodes.Status409Conflict, typeof(ErrorBody), "`cannot_resume`: the answer that `last-event-id` names cannot go on with this request; send it without."),
    ];

    public static void Chat(OpenApiOperation operation, OpenApiDocument document)
    {
        document.AddComponent(Message, Schemas.Object("One turn of a conversation.", ["role", "content"], new()
        {
            ["role"] = Schemas.OneOf("Who speaks.", "system", "developer", "user", "assistant"),
            ["content"] = Schemas.Any(
                "The text, or parts of it, which are joined without anything between.",
                Schemas.Text(),
                Schemas.Array(Schemas.Object(null, ["type", "text"], new() { ["type"] = Schemas.OneOf("Only text.", "text"), ["text"] = Schemas.Text() }), null, 1)),
            ["name"] = Schemas.Text("Name of the participant."),
        }));
        var members = Shared();
        members["messages"] = Schemas.Array(new OpenApiSchemaReference(Message, document), "The conversation so far, which the model's chat template renders.", 1);
        members["logprobs"] = Schemas.Flag(false, "True answers each token's log probability under the model's own distribution, before temperature, bias and penalties.");
        members["top_logprobs"] = Schemas.Whole("Most probable tokens to name beside each one. Needs `logprobs`.", 0, GenerationLimits.MaxTopLogprobs);
        Define(operation, document, "Chat", "messages", members, Choice(
            ("message", Schemas.Object("The answer's turn.", ["role", "content", "refusal"], new()
            {
                ["role"] = Schemas.OneOf("Always `assistant`.", "assistant"),
                ["content"] = Schemas.Text("The text."),
                ["refusal"] = Schemas.Nullable(Schemas.Text("Always null.")),
            })),
            ChatLogprobs()), Choice(
            ("delta", Schemas.Object("What is new. The first of a choice has the role, the last one is empty.", [], new()
            {
                ["role"] = Schemas.OneOf("Always `assistant`.", "assistant"),
                ["content"] = Schemas.Text("Text to append."),
                ["refusal"] = Schemas.Nullable(Schemas.Text("Always null.")),
            })),
            ChatLogprobs()));
        Examples(
            operation,
            """{"model":"nonsense","messages":[{"role":"user","content":"Tell me a story"}],"max_tokens":64,"stream":true}""",
            """{"id":"chatcmpl-5d1f","object":"chat.completion","created":1790000000,"model":"nonsense","choices":[{"index":0,"message":{"role":"assistant","content":"Once upon a time","refusal":null},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":5,"total_tokens":14,"prompt_tokens_details":{"cached_tokens":0},"completion_tokens_details":{"reasoning_tokens":0}},"system_fingerprint":"fp_v1@9f3c1a20_fp32_cpu-avx512amx-ort1.31.1"}""");
    }

    public static void Completions(OpenApiOperation operation, OpenApiDocument document)
    {
        var members = Shared();
        members["prompt"] = Schemas.Any(
            "What to continue: a text, up to 128 texts, a token array, or up to 128 token arrays. Token ids are taken as they are, nothing is put in front.",
            Schemas.Text(),
            Schemas.Array(Schemas.Text(), null, 1, GenerationInput.MaxChoices),
            Schemas.TokenIds("One prompt."),
            Schemas.Array(Schemas.TokenIds("A prompt."), null, 1, GenerationInput.MaxChoices));
        members["echo"] = Schemas.Flag(false, "True puts the prompt's text in front of the answer. Not together with `logprobs`.");
        members["logprobs"] = Schemas.Whole("Answers each token's log probability, and as many of the most probable tokens beside it.", 0, GenerationLimits.MaxLegacyLogprobs);
        members["best_of"] = Schemas.Whole("Only as many as `n`.", 1, GenerationInput.MaxChoices);
        ((OpenApiSchema)members["max_tokens"]).Default = GenerationLimits.LegacyMaxTokens;
        var choice = Choice(("text", Schemas.Text("The text, or what is new of it.")), Schemas.Nullable(Schemas.Object("One entry a token in each array.", ["tokens", "token_logprobs", "top_logprobs", "text_offset"], new()
        {
            ["tokens"] = Schemas.Array(Schemas.Text("The token; bytes that are only part of a character as `bytes:\\xe2\\x82`.")),
            ["token_logprobs"] = Schemas.Array(new OpenApiSchema { Type = JsonSchemaType.Number }),
            ["top_logprobs"] = Schemas.Array(new OpenApiSchema { Type = JsonSchemaType.Object, AdditionalProperties = new OpenApiSchema { Type = JsonSchemaType.Number } }),
            ["text_offset"] = Schemas.Array(Schemas.Whole("Where the token begins in the choice's text, code points.", 0)),
        })));
        Define(operation, document, "Text", "prompt", members, choice, choice);
        Examples(
            operation,
            """{"model":"stories","prompt":"Once upon a time","max_tokens":32,"temperature":0}""",
            """{"id":"cmpl-5d1f","object":"text_completion","created":1790000000,"model":"stories","choices":[{"index":0,"text":", there was a little girl","logprobs":null,"finish_reason":"length"}],"usage":{"prompt_tokens":5,"completion_tokens":6,"total_tokens":11,"prompt_tokens_details":{"cached_tokens":0},"completion_tokens_details":{"reasoning_tokens":0}},"system_fingerprint":"fp_v1@9f3c1a20_fp32_cpu-avx512amx-ort1.31.1"}""");
    }

    public static void Tokenize(OpenApiOperation operation, OpenApiDocument document)
    {
        InferenceOperation.Describe(operation, 600_000);
        operation.RequestBody = Body(document, "TokenizeRequest", Schemas.Object("Either `prompt` or `messages`.", ["model"], new()
        {
            ["model"] = Schemas.Text("Name of a model, as `/v1/models` lists it."),
            ["prompt"] = Schemas.Text("A text."),
            ["messages"] = Schemas.Array(new OpenApiSchemaReference(Message, document), "A conversation, which the model's chat template renders.", 1),
            ["add_special_tokens"] = Schemas.Flag(true, "Whether the tokenizer puts its special tokens around a text."),
            ["add_generation_prompt"] = Schemas.Flag(true, "Whether a conversation ends with the opening of the assistant's turn."),
            ["return_token_strs"] = Schemas.Flag(false, "Whether the tokens' texts are answered, too."),
        }), """{"model":"stories","prompt":"Once upon a time"}""");
    }

    public static void Detokenize(OpenApiOperation operation, OpenApiDocument document)
    {
        InferenceOperation.Describe(operation, 600_000);
        operation.RequestBody = Body(document, "DetokenizeRequest", Schemas.Object(null, ["model", "tokens"], new()
        {
            ["model"] = Schemas.Text("Name of a model, as `/v1/models` lists it."),
            ["tokens"] = Schemas.TokenIds("Token ids."),
        }), """{"model":"stories","tokens":[1,403,407,261]}""");
    }

    private static Dictionary<string, IOpenApiSchema> Shared() => new()
    {
        ["model"] = Schemas.Text("Name of a model, as `/v1/models` lists it."),
        ["max_tokens"] = Schemas.Whole("Most tokens to generate for each choice. Absent: to the end of the model's context.", 1),
        ["max_completion_tokens"] = Schemas.Whole("The same under its newer name.", 1),
        ["n"] = Schemas.Whole("Choices of each prompt; at most 128 in all.", 1, GenerationInput.MaxChoices, 1),
        ["temperature"] = Schemas.Number("0 always takes the most probable token.", 0, 2, 1),
        ["top_p"] = Schemas.Number("Takes from the most probable tokens that together reach this probability.", 0, 1, 1),
        ["top_k"] = Schemas.Whole("Takes from so many of the most probable tokens; 0 or -1 from all.", -1, null, 0),
        ["min_p"] = Schemas.Number("Takes from tokens at least so probable, relative to the most probable one.", 0, 1, 0),
        ["repetition_penalty"] = Schemas.Number("Above 1 makes tokens that were generated before less probable.", 0.01, 100, 1),
        ["presence_penalty"] = Schemas.Number("Taken from the logit of a token that was generated before.", -2, 2, 0),
        ["frequency_penalty"] = Schemas.Number("Taken from the logit of a token for every time it was generated before.", -2, 2, 0),
        ["logit_bias"] = new OpenApiSchema
        {
            Type = JsonSchemaType.Object,
            AdditionalProperties = Schemas.Number("Bias.", -100, 100),
            Description = "Added to the logits of single tokens: ids as keys, at most 1024.",
        },
        ["stop"] = Schemas.Any($"Texts that end a choice; they are not returned. At most {GenerationInput.MaxStopLength} characters each.", Schemas.Text(), Schemas.Array(Schemas.Text(), null, 0, GenerationInput.MaxStops)),
        ["seed"] = new OpenApiSchema { Type = JsonSchemaType.Integer, Format = "int64", Description = "The same seed gives the same text from the same `system_fingerprint`. Absent: one is drawn." },
        ["stream"] = Schemas.Flag(false, "True answers server-sent events, a chunk each, and `[DONE]` at the end."),
        ["stream_options"] = Schemas.Object("Only with `stream`.", [], new()
        {
            ["include_usage"] = Schemas.Flag(false, "True adds a last chunk that counts the tokens."),
            ["include_obfuscation"] = Schemas.Flag(false, "Taken; no padding is sent."),
        }),
        ["ignore_eos"] = Schemas.Flag(false, "True goes on past the model's end of text, up to `max_tokens`: for measurements."),
        ["response_format"] = Schemas.Object("Only text.", ["type"], new() { ["type"] = Schemas.OneOf("Only text.", "text") }),
        ["user"] = Schemas.Text("Taken and ignored, as are `metadata`, `store`, `safety_identifier` and `parallel_tool_calls`."),
        ["service_tier"] = Schemas.OneOf("`flex`: the work can wait and wants the least price. The others are ordinary work.", "auto", "default", "flex", "priority"),
        ["prompt_cache_key"] = Schemas.Text("Requests with the same key are best served in the same place; at most 1024 characters."),
    };

    private static Dictionary<string, IOpenApiSchema> Choice((string Name, IOpenApiSchema Schema) text, IOpenApiSchema logprobs) => new()
    {
        ["index"] = Schemas.Whole("Prompt index times `n`, plus the number of the prompt's choice.", 0),
        [text.Name] = text.Schema,
        ["logprobs"] = logprobs,
        ["finish_reason"] = Schemas.Nullable(Schemas.OneOf("`stop`: end of text or a stop string; `length`: `max_tokens` or the end of the context; null while it goes on.", "stop", "length")),
    };

    private static OpenApiSchema ChatLogprobs()
    {
        Dictionary<string, IOpenApiSchema> Token() => new()
        {
            ["token"] = Schemas.Text("The token; bytes that are only part of a character as `\\xe2\\x82`."),
            ["logprob"] = new OpenApiSchema { Type = JsonSchemaType.Number, Description = "Natural logarithm." },
            ["bytes"] = Schemas.Array(Schemas.Whole("A byte of its UTF-8.", 0, 255)),
        };
        var token = Token();
        token["top_logprobs"] = Schemas.Array(Schemas.Object(null, ["token", "logprob", "bytes"], Token()), "The most probable ones, best first.");
        return Schemas.Nullable(Schemas.Object("Null unless asked for.", ["content", "refusal"], new()
        {
            ["content"] = Schemas.Array(Schemas.Object(null, ["token", "logprob", "bytes", "top_logprobs"], token)),
            ["refusal"] = Schemas.Nullable(Schemas.Text("Always null.")),
        }));
    }

    private static void Define(
        OpenApiOperation operation, OpenApiDocument document, string name, string input, Dictionary<string, IOpenApiSchema> request, Dictionary<string, IOpenApiSchema> choice, Dictionary<string, IOpenApiSchema> chunkChoice)
    {
        operation.Parameters ??= [];
        operation.Parameters.Add(CommonHeaders.Request(GatewayHeaders.Resumable, "`1` gives the events of a stream ids, so that a caller who loses the connection can go on.", CommonHeaders.Text()));
        operation.Parameters.Add(CommonHeaders.Request(GatewayHeaders.LastEventId, "The id of the last event that you have, with the same request again: the answer goes on after it.", CommonHeaders.Text()));
        document.AddComponent(Usage, Schemas.Object("Tokens, all choices together.", ["prompt_tokens", "completion_tokens", "total_tokens"], new()
        {
            ["prompt_tokens"] = Schemas.Whole("Of all prompts, special tokens included.", 0),
            ["completion_tokens"] = Schemas.Whole("Generated.", 0),
            ["total_tokens"] = Schemas.Whole("Both.", 0),
            ["prompt_tokens_details"] = Schemas.Object(null, ["cached_tokens"], new() { ["cached_tokens"] = Schemas.Whole("Prompt tokens that did not have to be computed.", 0) }),
            ["completion_tokens_details"] = Schemas.Object(null, ["reasoning_tokens"], new() { ["reasoning_tokens"] = Schemas.Whole("Always 0.", 0) }),
        }));
        var usage = new OpenApiSchemaReference(Usage, document);
        document.AddComponent($"Create{name}CompletionRequest", Schemas.Object(null, ["model", input], request));
        document.AddComponent($"Create{name}CompletionResponse", Answer(choice, usage));
        document.AddComponent($"Create{name}CompletionChunk", Answer(chunkChoice, usage));
        operation.RequestBody = new OpenApiRequestBody
        {
            Required = true,
            Description = RequestNote,
            Content = new Dictionary<string, OpenApiMediaType> { ["application/json"] = new() { Schema = new OpenApiSchemaReference($"Create{name}CompletionRequest", document) } },
        };
        InferenceOperation.Describe(operation, 600_000);
        ((OpenApiResponse)operation.Responses!["200"]).Content = new Dictionary<string, OpenApiMediaType>
        {
            ["application/json"] = new() { Schema = new OpenApiSchemaReference($"Create{name}CompletionResponse", document) },
            ["text/event-stream"] = new() { Schema = new OpenApiSchemaReference($"Create{name}CompletionChunk", document) },
        };
    }

    private static OpenApiSchema Answer(Dictionary<string, IOpenApiSchema> choice, IOpenApiSchema usage) => Schemas.Object(null, ["id", "object", "created", "model", "choices", "system_fingerprint"], new()
    {
        ["id"] = Schemas.Text("Of the answer; the same in all chunks."),
        ["object"] = Schemas.Text("Kind of object."),
        ["created"] = Schemas.Whole("Unix seconds.", 0),
        ["model"] = Schemas.Text("Name of the model."),
        ["system_fingerprint"] = Schemas.Text("Names weights, precision and arithmetic. With the same one, a seed or temperature 0 gives the same text to the last bit, unless the answer says otherwise in `meridian`."),
        ["choices"] = Schemas.Array(Schemas.Object(null, [.. choice.Keys], choice)),
        ["usage"] = usage,
        ["meridian"] = Schemas.Object("Only where a request with a seed, with temperature 0 or with a resumable stream may have got other bits than it gets alone.", ["exact"], new()
        {
            ["exact"] = new OpenApiSchema { Type = JsonSchemaType.Boolean, Description = "`false`." },
        }),
    });

    private static void Examples(OpenApiOperation operation, string request, string answer)
    {
        operation.RequestBody!.Content!["application/json"].Example = JsonNode.Parse(request);
        operation.Responses!["200"].Content!["application/json"].Example = JsonNode.Parse(answer);
    }

    private static OpenApiRequestBody Body(OpenApiDocument document, string name, OpenApiSchema schema, string example)
    {
        document.AddComponent(name, schema);
        return new OpenApiRequestBody
        {
            Required = true,
            Content = new Dictionary<string, OpenApiMediaType> { ["application/json"] = new() { Schema = new OpenApiSchemaReference(name, document), Example = JsonNode.Parse(example) } },
        };
    }
}
