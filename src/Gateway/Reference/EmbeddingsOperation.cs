using System.Text.Json.Nodes;
using Microsoft.OpenApi;

namespace Meridian.Gateway.Reference;

/// <summary>
/// Describes request, answer and headers of <c>/v1/embeddings</c>. Its body is parsed by hand, so there is no type from which the reference could be
/// generated.
/// </summary>
internal static class EmbeddingsOperation
{
    private const string RequestSchema = "CreateEmbeddingRequest";
    private const string ResponseSchema = "CreateEmbeddingResponse";

    public static Answer[] Answers { get; } = InferenceOperation.Answers(typeof(object), "The vectors.");

    public static void Describe(OpenApiOperation operation, OpenApiDocument document)
    {
        document.AddComponent(RequestSchema, Request());
        document.AddComponent(ResponseSchema, Response());
        operation.RequestBody = new OpenApiRequestBody
        {
            Required = true,
            Description = "JSON, whatever the content type says. Unknown fields are ignored; of a repeated field the last counts.",
            Content = Json(new OpenApiSchemaReference(RequestSchema, document), """{"model":"minilm","input":["Hello from the nearest region"]}"""),
        };
        InferenceOperation.Describe(operation, 600_000);
        ((OpenApiResponse)operation.Responses!["200"]).Content = Json(
            new OpenApiSchemaReference(ResponseSchema, document),
            """{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.013,-0.042,0.077]}],"model":"minilm","usage":{"prompt_tokens":8,"total_tokens":8}}""");
    }

    private static OpenApiSchema Request()
    {
        var text = new OpenApiSchema { Type = JsonSchemaType.String, MinLength = 1 };
        var tokens = new OpenApiSchema
        {
            Type = JsonSchemaType.Array,
            MinItems = 1,
            Items = new OpenApiSchema { Type = JsonSchemaType.Integer, Minimum = "0", Maximum = "2147483647" },
            Description = "Token ids of the model's vocabulary, without special tokens.",
        };
        return new OpenApiSchema
        {
            Type = JsonSchemaType.Object,
            Required = new HashSet<string> { "model", "input" },
            Properties = new Dictionary<string, IOpenApiSchema>
            {
                ["model"] = new OpenApiSchema { Type = JsonSchemaType.String, MinLength = 1, MaxLength = 256, Description = "Name of a model, as `/v1/models` lists it." },
                ["input"] = new OpenApiSchema
                {
                    Description = "What to embed: a text, up to 2048 texts, a token array, or up to 2048 token arrays. No item may be empty.",
                    OneOf =
                    [
                        text,
                        new OpenApiSchema { Type = JsonSchemaType.Array, MinItems = 1, MaxItems = 2048, Items = text },
                        tokens,
                        new OpenApiSchema { Type = JsonSchemaType.Array, MinItems = 1, MaxItems = 2048, Items = tokens },
                    ],
                },
                ["encoding_format"] = new OpenApiSchema
                {
                    Type = JsonSchemaType.String,
                    Enum = ["float", "base64"],
                    Default = "float",
                    Description = "How the vectors are written: numbers, or base64 of little-endian float32.",
                },
                ["dimensions"] = new OpenApiSchema
                {
                    Type = JsonSchemaType.Integer,
                    Minimum = "1",
                    Description = "Leading dimensions to keep; the vector is normalised again. At most the model's own.",
                },
                ["truncate"] = new OpenApiSchema
                {
                    Type = JsonSchemaType.Boolean,
                    Default = false,
                    Description = "True cuts an item that is longer than the model takes; otherwise it is refused with `context_length_exceeded`.",
                },
                ["service_tier"] = Schemas.OneOf("`flex`: the work can wait and wants the least price. The others are ordinary work.", "auto", "default", "flex", "priority"),
                ["prompt_cache_key"] = Schemas.Text("Requests with the same key are best served in the same place; at most 1024 characters."),
                ["user"] = new OpenApiSchema { Type = JsonSchemaType.String, Description = "Taken and ignored." },
            },
        };
    }

    private static OpenApiSchema Response() => new()
    {
        Type = JsonSchemaType.Object,
        Required = new HashSet<string> { "object", "data", "model", "usage" },
        Properties = new Dictionary<string, IOpenApiSchema>
        {
            ["object"] = new OpenApiSchema { Type = JsonSchemaType.String, Enum = ["list"] },
            ["data"] = new OpenApiSchema
            {
                Type = JsonSchemaType.Array,
                Items = new OpenApiSchema
                {
                    Type = JsonSchemaType.Object,
                    Required = new HashSet<string> { "object", "index", "embedding" },
                    Properties = new Dictionary<string, IOpenApiSchema>
                    {
                        ["object"] = new OpenApiSchema { Type = JsonSchemaType.String, Enum = ["embedding"] },
                        ["index"] = new OpenApiSchema { Type = JsonSchemaType.Integer, Minimum = "0", Description = "Position of the item in the input." },
                        ["embedding"] = new OpenApiSchema
                        {
                            OneOf =
                            [
                                new OpenApiSchema { Type = JsonSchemaType.Array, Items = new OpenApiSchema { Type = JsonSchemaType.Number, Format = "float" } },
                                new OpenApiSchema { Type = JsonSchemaType.String, Format = "byte", Description = "Base64 of little-endian float32." },
                            ],
                        },
                    },
                },
            },
            ["model"] = new OpenApiSchema { Type = JsonSchemaType.String },
            ["usage"] = new OpenApiSchema
            {
                Type = JsonSchemaType.Object,
                Required = new HashSet<string> { "prompt_tokens", "total_tokens" },
                Properties = new Dictionary<string, IOpenApiSchema>
                {
                    ["prompt_tokens"] = new OpenApiSchema { Type = JsonSchemaType.Integer, Description = "Tokens that were run, special tokens included." },
                    ["total_tokens"] = new OpenApiSchema { Type = JsonSchemaType.Integer },
                },
            },
        },
    };

    private static Dictionary<string, OpenApiMediaType> Json(IOpenApiSchema schema, string example) =>
        new() { ["application/json"] = new OpenApiMediaType { Schema = schema, Example = JsonNode.Parse(example) } };
}
