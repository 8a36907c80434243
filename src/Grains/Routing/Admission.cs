using Meridian.Grains.Hosting;
using Meridian.Messages;

namespace Meridian.Grains.Routing;

/// <summary>What a region refuses before it looks at a model: a pure function over request and region.</summary>
internal static class Admission
{
    /// <returns>Null where the request may enter.</returns>
    public static Refusal? Check(InferRequest request, RegionOptions region)
    {
        if (request.Residency is { } permitted && !permitted.AsSpan().Contains(region.Jurisdiction))
        {
            return new Refusal
            {
                Code = RefusalCode.ResidencyUnavailable,
                Message = $"Request {request.RequestId} may be served in jurisdictions {(permitted.Length == 0 ? "(none)" : string.Join(", ", permitted))} only; region '{region.Name}' is in '{region.Jurisdiction}'.",
            };
        }

        if (request.Hops > InferRequest.MaxHops)
        {
            return new Refusal
            {
                Code = RefusalCode.Internal,
                Message = $"Request {request.RequestId} has passed through {request.Hops} regions; at most {InferRequest.MaxHops} is allowed. Its edges send it in circles.",
            };
        }

        if (request.RemainingMs <= 0)
        {
            return new Refusal
            {
                Code = RefusalCode.Deadline,
                Message = $"The deadline of request {request.RequestId} had passed when it reached region '{region.Name}'.",
            };
        }

        return null;
    }
}
