using System.Globalization;
using System.Text;
using Meridian.Gateway.Access;
using Meridian.Gateway.Errors;
using Meridian.Gateway.Http;
using Microsoft.AspNetCore.Http;

namespace Meridian.Gateway.OpenAi.Generation.Answers;

/// <summary>
/// Handles a streamed answer until its first token. The first token may take minutes: the prompt waits for its turn and is then computed. Proxies cut
/// connections that are silent for long.
/// So after <see cref="GatewayOptions.HeartbeatMs"/> the headers are sent, and a comment follows each time that period passes again. From then on the status
/// cannot change: a refusal is the last event of the stream, and a comment gives region, attempts and version.
/// </summary>
internal sealed class StreamStart(HttpContext context, RequestIntake intake, RequestHead head, TimeSpan longestSilence, TimeProvider time)
{
    private long _spokeAt = head.Started;

    /// <summary>Awaits work that the answer needs, and sends comments meanwhile. This method does not cancel the work: the caller's own token does.</summary>
    public async Task<T> WaitAsync<T>(Task<T> work)
    {
        while (!work.IsCompleted)
        {
            var left = longestSilence - time.GetElapsedTime(_spokeAt);
            if (left > TimeSpan.Zero)
                await ((Task)work).WaitAsync(left, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            else
                await SpeakAsync();
        }

        return await work;
    }

    /// <summary>Tells the caller where the answer comes from: in headers, or in a comment if the headers are already sent.</summary>
    public void Tell(string? region, int? attempts, string? version)
    {
        var response = context.Response;
        if (!response.HasStarted)
        {
            if (attempts is { } count)
                EdgeHeaders.Write(response, region, count);
            else if (region is not null)
                response.Headers[GatewayHeaders.Region] = region;
            if (version is not null)
                response.Headers[GatewayHeaders.ModelVersion] = version;
            return;
        }

        var comment = new StringBuilder(":");
        if (region is not null)
            comment.Append(" region=").Append(region);
        if (attempts is { } tried)
            comment.Append(CultureInfo.InvariantCulture, $" attempts={tried}");
        if (version is not null)
            comment.Append(" version=").Append(version);
        Encoding.UTF8.GetBytes(comment.Append("\n\n").ToString(), response.BodyWriter);
    }

    /// <summary>Ends the answer with an error: as a status, or as an event if the headers are already sent.</summary>
    public async Task RefuseAsync(ApiError error)
    {
        if (!context.Response.HasStarted)
        {
            await intake.RefuseAsync(context, head, error);
            return;
        }

        ChunkWriter.Error(context.Response.BodyWriter, error);
        await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
    }

    private async Task SpeakAsync()
    {
        _spokeAt = time.GetTimestamp();
        var pipe = EventStream.Prepare(context);
        ChunkWriter.Ping(pipe);
        try
        {
            await pipe.FlushAsync(context.RequestAborted);
        }
        catch (Exception)
        {
            // The caller has gone. The work learns this from its own token and may have resources to return, so it is still awaited.
        }
    }
}
