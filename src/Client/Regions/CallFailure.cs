using Meridian.Errors;
using Meridian.Messages;

namespace Meridian.Client.Regions;

/// <summary>Maps a failed call to a region to a refusal of the request.</summary>
internal static class CallFailure
{
    /// <summary>
    /// Returns the failure as a refusal. If the failure may mean that the region is lost, it also starts a probe. Do not call it for a cancellation by the
    /// caller or by a deadline.
    /// </summary>
    public static Refusal Judge(RegionLink link, Exception failure)
    {
        if (failure is MeridianException { Refusal: var refusal })
            return refusal;
        if (!IsLoss(failure))
            return new Refusal { Code = RefusalCode.Internal, Message = $"Region '{link.Name}' failed: {failure.Message}" };
        link.Suspect();
        return new Refusal { Code = RefusalCode.RegionLost, Message = $"Region '{link.Name}' was lost while it served: {link.View.Problem ?? failure.Message}" };
    }

    /// <summary>
    /// Whether the connection failed rather than the request. A cancellation that comes neither from the caller nor from the deadline comes from a connection
    /// or a region that ends.
    /// </summary>
    private static bool IsLoss(Exception exception) =>
        exception is OperationCanceledException or OrleansException or TimeoutException or ObjectDisposedException or System.Net.Sockets.SocketException or IOException;
}
