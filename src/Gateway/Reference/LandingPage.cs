using Microsoft.AspNetCore.Http;

namespace Meridian.Gateway.Reference;

/// <summary>The first page that a browser shows, with links to the others. It is one file and loads nothing else.</summary>
internal static class LandingPage
{
    private const string Html = """
        <!doctype html>
        <html lang="en">
        <head>
          <meta charset="utf-8">
          <meta name="viewport" content="width=device-width, initial-scale=1">
          <title>Meridian</title>
          <link rel="icon" href="data:,">
          <style>
            body { font: 16px/1.5 system-ui, sans-serif; max-width: 42rem; margin: 3rem auto; padding: 0 1rem; color: #1b1f24; background: #fff; }
            code, pre { font: 14px/1.5 ui-monospace, monospace; background: #f3f4f6; }
            pre { padding: .75rem; overflow-x: auto; }
            dt { margin-top: .75rem; }
            @media (prefers-color-scheme: dark) { body { color: #e6e8eb; background: #15181c; } code, pre { background: #22272e; } a { color: #7ab7ff; } }
          </style>
        </head>
        <body>
          <h1>Meridian</h1>
          <p>Foundation models from several regions as one service, behind the OpenAI API.</p>
          <pre>curl -s "$URL/v1/embeddings" -H 'content-type: application/json' -d '{"model":"minilm","input":"Hello from the nearest region"}'</pre>
          <pre>curl -sN "$URL/v1/completions" -H 'content-type: application/json' -d '{"model":"stories","prompt":"Once upon a time","max_tokens":200,"stream":true}'</pre>
          <dl>
            <dt><a href="/docs">/docs</a></dt><dd>API reference</dd>
            <dt><a href="/openapi/v1.json">/openapi/v1.json</a></dt><dd>the same for machines</dd>
            <dt><a href="/v1/models">/v1/models</a></dt><dd>models that are served</dd>
            <dt><a href="/admin/api/regions">/admin/api/regions</a></dt><dd>regions as this edge sees them</dd>
            <dt><a href="/readyz">/readyz</a>, <a href="/healthz">/healthz</a></dt><dd>can it serve, does it run</dd>
          </dl>
        </body>
        </html>
        """;

    public static Task GetAsync(HttpContext context)
    {
        context.Response.ContentType = "text/html; charset=utf-8";
        return context.Response.WriteAsync(Html, context.RequestAborted);
    }
}
