using Meridian.Federation.Regions;
using Meridian.Grains.Settings;
using Meridian.Messages;
using Meridian.Routing.Residency;
using Microsoft.Extensions.Options;

namespace Meridian.Grains.Routing;

/// <summary>
/// The checks that a region makes before it looks at the model. The region trusts no edge to keep data within its boundary. It checks the request's
/// own boundary again. It checks the tenant's residency against the region's own intent, or against its settings in a process without an intent.
/// </summary>
public sealed class RegionAdmission
{
    private readonly RegionOptions _region;
    private readonly TenantResidency _tenants;
    private readonly IIntentSource? _intent;

    /// <param name="intent">The region's intent. Null in a process without the directory.</param>
    public RegionAdmission(IOptions<RegionOptions> region, TenantResidency tenants, IIntentSource? intent)
    {
        ArgumentNullException.ThrowIfNull(region);
        _region = region.Value;
        _tenants = tenants;
        _intent = intent;
    }

    /// <returns>Null if the request may enter.</returns>
    public Refusal? Check(InferRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        return CheckBoundary(request) ?? CheckCourse(request);
    }

    private Refusal? CheckBoundary(InferRequest request)
    {
        var own = new DataBoundary(request.Residency, request.PermittedRegions);
        if (!own.Permits(_region.Name, _region.Jurisdiction))
            return Forbidden($"Request {request.RequestId} may be served in {Describe(own)} only");
        var residency = _intent is null ? _region.Residency.GetValueOrDefault(request.Tenant) : _tenants.Of(_intent.Current, request.Tenant);
        var tenant = new DataBoundary(residency, null);
        return tenant.Permits(_region.Name, _region.Jurisdiction) ? null : Forbidden($"Data of tenant '{request.Tenant}' may be in {Describe(tenant)} only");
    }

    private Refusal? CheckCourse(InferRequest request)
    {
        if (request.Hops > InferRequest.MaxHops)
        {
            return new Refusal
            {
                Code = RefusalCode.Internal,
                Message = $"Request {request.RequestId} has passed through {request.Hops} regions; at most {InferRequest.MaxHops} is allowed. Its edges send it in circles.",
            };
        }

        return request.RemainingMs > 0
            ? null
            : new Refusal { Code = RefusalCode.Deadline, Message = $"The deadline of request {request.RequestId} had passed when it reached region '{_region.Name}'." };
    }

    private Refusal Forbidden(string reason) =>
        new() { Code = RefusalCode.ResidencyUnavailable, Message = $"{reason}; region '{_region.Name}' is in '{_region.Jurisdiction}'." };

    private static string Describe(in DataBoundary boundary) => (boundary.Jurisdictions, boundary.Regions) switch
    {
        ({ } jurisdictions, null) => $"jurisdictions {List(jurisdictions)}",
        (null, { } regions) => $"regions {List(regions)}",
        var (jurisdictions, regions) => $"jurisdictions {List(jurisdictions!)} and there in regions {List(regions!)}",
    };

    private static string List(string[] names) => names.Length == 0 ? "(none)" : string.Join(", ", names);
}
