using System.Globalization;
using Meridian.Gateway.Http;
using Microsoft.OpenApi;

namespace Meridian.Gateway.Reference;

/// <summary>Describes the headers that every operation takes and answers.</summary>
internal static class CommonHeaders
{
    public static void Describe(OpenApiOperation operation)
    {
        operation.Parameters ??= [];
        operation.Parameters.Add(Request(GatewayHeaders.RequestId, "Your id of the request: 1 to 128 visible ASCII characters. It is echoed, and found in logs.", Text()));
        foreach (var (status, response) in operation.Responses ?? [])
        {
            Answer(response, GatewayHeaders.RequestId, "The request's id: yours, or one drawn here.", Text());
            if (int.Parse(status, CultureInfo.InvariantCulture) == 503)
            {
                Answer(response, "retry-after", "When to come back, seconds.", Number(1));
            }
        }
    }

    public static OpenApiParameter Request(string name, string description, OpenApiSchema schema) =>
        new() { Name = name, In = ParameterLocation.Header, Description = description, Schema = schema };

    public static void Answer(IOpenApiResponse response, string name, string description, OpenApiSchema schema)
    {
        if (response is OpenApiResponse concrete)
        {
            concrete.Headers ??= new Dictionary<string, IOpenApiHeader>();
            concrete.Headers[name] = new OpenApiHeader { Description = description, Schema = schema };
        }
    }

    public static OpenApiSchema Text() => new() { Type = JsonSchemaType.String };

    public static OpenApiSchema Number(int minimum) => new() { Type = JsonSchemaType.Integer, Minimum = minimum.ToString(CultureInfo.InvariantCulture) };
}
