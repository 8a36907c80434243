using Meridian.Messages;

namespace Meridian.Grains.Requests;

/// <summary>
/// Decides whether an exception of a grain call means that the other side cannot be reached. Other exceptions mean that it answered with a fault.
/// </summary>
public static class Unavailability
{
    /// <summary>
    /// A cancellation counts as unavailable. Callers first check their own token. Then the cause is the loss of the silo, or a call that Orleans gave
    /// up.
    /// </summary>
    public static bool Is(Exception exception) => exception is OrleansException or TimeoutException or OperationCanceledException or ObjectDisposedException;

    /// <summary>
    /// The refusal of a region whose process is starting, so that its grains cannot be called yet. The caller tries the next region.
    /// </summary>
    public static Refusal OfRegion(string region) =>
        new() { Code = RefusalCode.NotReady, Message = $"Region '{region}' is starting. Send the request again shortly.", RetryAfterMs = 1000 };
}
