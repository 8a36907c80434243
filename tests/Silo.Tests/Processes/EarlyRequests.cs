using System.Net;
using System.Net.Http.Json;

namespace Meridian.Silo.Tests.Processes;

/// <summary>Callers who do not wait until an installation is ready.</summary>
internal static class EarlyRequests
{
    private static readonly string[] Models = ["minilm", "stories"];

    /// <summary>Asks the front door and the first facade for both models from now on, until told to stop and until enough requests were answered.</summary>
    /// <returns>How each was answered; who found no door open is not counted.</returns>
    public static async Task<List<string>> SendAsync(int ports, int least, CancellationToken stop)
    {
        using var http = Client();
        var answers = new List<string>();
        for (var i = 0; answers.Count < least || !stop.IsCancellationRequested; i++)
        {
            if (await AskAsync(http, ports + (i / 2 % 2), Models[i % 2]) is { } answer) answers.Add(answer);
            else await Task.Delay(20, CancellationToken.None);
        }

        return answers;
    }

    /// <summary>One request for each model at each of the four doors.</summary>
    public static async Task<string?[]> OnceAsync(int ports)
    {
        using var http = Client();
        return await Task.WhenAll(Enumerable.Range(0, 4).SelectMany(door => Models.Select(model => AskAsync(http, ports + door, model))));
    }

    private static HttpClient Client() => new(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(60) };

    private static async Task<string?> AskAsync(HttpClient http, int port, string model)
    {
        try
        {
            using var answer = model == "minilm"
                ? await http.PostAsJsonAsync($"http://127.0.0.1:{port}/v1/embeddings", new { model, input = "x" })
                : await http.PostAsJsonAsync($"http://127.0.0.1:{port}/v1/completions", new { model, prompt = "Once", max_tokens = 2 });
            return answer.StatusCode == HttpStatusCode.OK ? "200"
                : answer is { StatusCode: HttpStatusCode.ServiceUnavailable, Headers.RetryAfter: not null } ? "503 retry-after"
                : $"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}";
        }
        catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.ConnectionError)
        {
            return null;
        }
    }
}
