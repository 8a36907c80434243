using Meridian.Gateway.OpenAi.Generation;
using Microsoft.AspNetCore.Http;

namespace Meridian.Gateway.OpenAi.Completions;

/// <summary><c>POST /v1/completions</c>.</summary>
internal sealed class CompletionsEndpoint(GenerationPath path)
{
    public Task HandleAsync(HttpContext context) => path.ServeAsync(context, CompletionShape.Instance, CompletionRequestReader.Read);
}
