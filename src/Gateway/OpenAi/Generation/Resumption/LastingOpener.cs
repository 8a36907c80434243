using Meridian.Errors;
using Meridian.Federation.Edge;
using Meridian.Federation.Regions;
using Meridian.Gateway.Http;
using Meridian.Messages;

namespace Meridian.Gateway.OpenAi.Generation.Resumption;

/// <summary>
/// Opens streams that outlive the connection of their caller. Until the first frame has arrived, a caller who leaves still ends the opening: there is no
/// event yet that it could resume from.
/// </summary>
internal sealed class LastingOpener(IEdge edge, FacadeShutdown shutdown)
{
    private static readonly Action<object?> Cancel = static ends => ((CancellationTokenSource)ends!).Cancel();

    /// <exception cref="OperationCanceledException">The caller has gone, or the facade ends its streams during shutdown.</exception>
    public async Task<Opening> OpenAsync(InferRequest message, CancellationToken caller)
    {
        var ends = new CancellationTokenSource();
        var kept = false;
        EdgeOpening? opening = null;
        try
        {
            await using var left = caller.UnsafeRegister(Cancel, ends);
            await using var over = shutdown.StreamsEnd.UnsafeRegister(Cancel, ends);
            opening = await edge.OpenAsync(message, ends.Token);
            if (opening.Stream is not { } stream)
                return new Opening(null, opening.Refusal ?? throw new InvalidOperationException("The edge opened neither a stream nor refused to."), opening.Region, opening.Attempts);
            try
            {
                var first = await stream.ReadAsync(ends.Token);
                kept = true;
                return new Opening(new Opened(stream, first, ends), null, opening.Region, opening.Attempts);
            }
            catch (MeridianException exception)
            {
                return new Opening(null, exception.Refusal, opening.Region, opening.Attempts);
            }
        }
        finally
        {
            if (!kept)
            {
                if (opening?.Stream is { } stillborn)
                    await stillborn.DisposeAsync();
                ends.Dispose();
            }
        }
    }

    /// <param name="Opened">The stream, or null if the edge refused it.</param>
    /// <param name="Refusal">Why there is no stream, or null.</param>
    /// <param name="Region">Region that answered, or null.</param>
    /// <param name="Attempts">Number of regions that were tried.</param>
    internal sealed record Opening(Opened? Opened, Refusal? Refusal, string? Region, int Attempts);

    /// <summary>A stream whose first frame is read, and the token source that ends it.</summary>
    internal sealed record Opened(IRegionStream Stream, StreamFrame? First, CancellationTokenSource Ends);
}
