using Meridian.Gateway.OpenAi.Generation;
using Microsoft.AspNetCore.Http;

namespace Meridian.Gateway.OpenAi.Chat;

/// <summary><c>POST /v1/chat/completions</c>.</summary>
internal sealed class ChatEndpoint(GenerationPath path)
{
    public Task HandleAsync(HttpContext context) => path.ServeAsync(context, ChatShape.Instance, ChatRequestReader.Read);
}
