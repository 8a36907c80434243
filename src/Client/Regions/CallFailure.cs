using Meridian.Errors;
using Meridian.Messages;

namespace Meridian.Client.Regions;

/// <summary>What a failed call to a region means for its request.</summary>
internal static class CallFailure
{
    /// <summary>The failure as a refusal. One that may mean the region's loss also has the region looked at. Cancellations by the caller or a deadline are not for here.</summary>
    public static Refusal Judge(RegionLink link, Exception failure)
    {
        if (failure is MeridianException { Refusal: var refusal })
            return refusal;
        if (!IsLoss(failure))
            return new Refusal { Code = RefusalCode.Internal, Message = $"Region '{link.Name}' failed: {failure.Message}" };
        link.Suspect();
        return new Refusal { Code = RefusalCode.RegionLost, Message = $"Region '{link.Name}' was lost while it served: {link.View.Problem ?? failure.Message}" };
    }

    /// <summary>Failures of the way to the region rather than of the request. A cancellation that is neither the caller's nor the deadline's comes from a connection or a region that ends.</summary>
    private static bool IsLoss(Exception exception) =>
        exception is OperationCanceledException or OrleansException or TimeoutException or ObjectDisposedException or System.Net.Sockets.SocketException or IOException;
}
