using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.OpenApi;

namespace Meridian.Gateway.Reference;

/// <summary>Short helpers to describe the schemas of bodies that are read and written by hand.</summary>
internal static class Schemas
{
    public static OpenApiSchema Text(string? description = null) => new() { Type = JsonSchemaType.String, Description = description };

    public static OpenApiSchema OneOf(string description, params string[] values) =>
        new() { Type = JsonSchemaType.String, Enum = [.. values.Select(value => (JsonNode)JsonValue.Create(value)!)], Description = description };

    public static OpenApiSchema Flag(bool absent, string description) => new() { Type = JsonSchemaType.Boolean, Default = absent, Description = description };

    public static OpenApiSchema Whole(string description, int? least = null, int? most = null, int? absent = null) =>
        new() { Type = JsonSchemaType.Integer, Minimum = Bound(least), Maximum = Bound(most), Default = absent, Description = description };

    public static OpenApiSchema Number(string description, double least, double most, double? absent = null) => new()
    {
        Type = JsonSchemaType.Number,
        Minimum = least.ToString(CultureInfo.InvariantCulture),
        Maximum = most.ToString(CultureInfo.InvariantCulture),
        Default = absent,
        Description = description,
    };

    public static OpenApiSchema Array(IOpenApiSchema items, string? description = null, int? least = null, int? most = null) =>
        new() { Type = JsonSchemaType.Array, Items = items, MinItems = least, MaxItems = most, Description = description };

    public static OpenApiSchema Any(string description, params IOpenApiSchema[] schemas) => new() { OneOf = [.. schemas], Description = description };

    public static OpenApiSchema Nullable(OpenApiSchema schema)
    {
        schema.Type |= JsonSchemaType.Null;
        return schema;
    }

    /// <param name="description">Description, or null.</param>
    /// <param name="required">Names of the required members.</param>
    public static OpenApiSchema Object(string? description, string[] required, Dictionary<string, IOpenApiSchema> members) =>
        new() { Type = JsonSchemaType.Object, Description = description, Required = required.ToHashSet(), Properties = members };

    /// <summary>Schema of an array of token ids.</summary>
    public static OpenApiSchema TokenIds(string description) => Array(Whole("Token id.", 0), description, 1);

    private static string? Bound(int? value) => value?.ToString(CultureInfo.InvariantCulture);
}
