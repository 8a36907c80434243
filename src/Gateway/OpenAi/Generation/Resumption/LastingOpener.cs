using Meridian.Errors;
using Meridian.Federation.Edge;
using Meridian.Federation.Regions;
using Meridian.Gateway.Http;
using Meridian.Messages;

namespace Meridian.Gateway.OpenAi.Generation.Resumption;

/// <summary>Opens streams that outlive the connection of the caller who asked for them. Up to the first frame the caller's leaving ends the opening: there is nothing to come back to yet.</summary>
internal sealed class LastingOpener(IEdge edge, ClosingDoors doors)
{
    private static readonly Action<object?> Cancel = static ends => ((CancellationTokenSource)ends!).Cancel();

    /// <exception cref="OperationCanceledException">The caller has gone, or the doors are closed for good.</exception>
    public async Task<Opening> OpenAsync(InferRequest message, CancellationToken caller)
    {
        var ends = new CancellationTokenSource();
        var kept = false;
        EdgeOpening? opening = null;
        try
        {
            await using var left = caller.UnsafeRegister(Cancel, ends);
            await using var over = doors.Over.UnsafeRegister(Cancel, ends);
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

    /// <param name="Opened">The stream, or null where it was refused.</param>
    /// <param name="Refusal">Why there is none, or null.</param>
    /// <param name="Region">Region that answered, or null.</param>
    /// <param name="Attempts">Regions that were tried.</param>
    internal sealed record Opening(Opened? Opened, Refusal? Refusal, string? Region, int Attempts);

    /// <summary>A stream with its first frame read, and what ends it.</summary>
    internal sealed record Opened(IRegionStream Stream, StreamFrame? First, CancellationTokenSource Ends);
}
