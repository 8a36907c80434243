using Meridian.Messages;

namespace Meridian.Grains.Requests;

/// <summary>Which exceptions of a grain call say that the other side cannot be reached, as opposed to having answered with a fault.</summary>
public static class Unavailability
{
    /// <summary>A cancellation counts: callers rule out their own token's first, what is left is the loss of the silo or a call given up by Orleans.</summary>
    public static bool Is(Exception exception) => exception is OrleansException or TimeoutException or OperationCanceledException or ObjectDisposedException;

    /// <summary>What a region says whose grains cannot be called, because its process is starting: the next region is tried.</summary>
    public static Refusal OfRegion(string region) =>
        new() { Code = RefusalCode.NotReady, Message = $"Region '{region}' is starting. Send the request again shortly.", RetryAfterMs = 1000 };
}
