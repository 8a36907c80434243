using System.Buffers;
using Meridian.Errors;
using Meridian.Federation.Residency;
using Meridian.Gateway.Errors;
using Meridian.Gateway.Http;
using Meridian.Messages;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace Meridian.Gateway.Access;

/// <summary>
/// The only place that decides who the caller of a request is. A process without keys binds loopback addresses only, so every caller belongs to the operator:
/// with any key or none it is the default tenant, unless a trusted proxy in front names another tenant.
/// The authorization header is never read, so it can never be logged.
/// </summary>
internal sealed class CallerResolver(Geofence geofence, IOptions<GatewayOptions> options)
{
    private const string DefaultTenant = "default";

    private const int MaxTenantLength = 128;

    private readonly bool _trustsHeader = options.Value.TrustTenantHeader;

    /// <returns>The caller's error, or null.</returns>
    public ApiError? Resolve(HttpContext context, out Caller caller)
    {
        ArgumentNullException.ThrowIfNull(context);
        var error = ReadTenant(context.Request.Headers[GatewayHeaders.Tenant], out var tenant);
        caller = new Caller(tenant, CallerAddress.Of(context.Connection.RemoteIpAddress, context.Request.Headers["x-forwarded-for"], geofence));
        return error;
    }

    /// <exception cref="MeridianException">The caller sent a bad header.</exception>
    public Caller Resolve(HttpContext context) =>
        Resolve(context, out var caller) is { } error
            ? throw new MeridianException(new Refusal { Code = RefusalCode.InvalidInput, Message = error.Message, Param = error.Param })
            : caller;

    // A tenant name that is not trusted is refused, not ignored. If it were ignored, the request would run as another tenant, whose data may go to more
    // places.
    private ApiError? ReadTenant(StringValues header, out string tenant)
    {
        tenant = DefaultTenant;
        if (header.Count == 0)
        {
            return null;
        }

        if (!_trustsHeader)
        {
            return ApiError.Invalid("invalid_header", $"The header {GatewayHeaders.Tenant} is not taken here: leave it out. (A trusted proxy may send it where Gateway:TrustTenantHeader is true.)", GatewayHeaders.Tenant);
        }

        if (!IsTenant(header))
        {
            return ApiError.Invalid("invalid_header", $"The header {GatewayHeaders.Tenant} must be one name of 1 to {MaxTenantLength} letters, digits, '.', '_' or '-'.", GatewayHeaders.Tenant);
        }

        tenant = header[0]!;
        return null;
    }

    /// <summary>Whether a text is a valid tenant name.</summary>
    public static bool IsTenant(StringValues text) =>
        text is [{ Length: > 0 and <= MaxTenantLength } name] && !name.AsSpan().ContainsAnyExcept(NameCharacters);

    private static readonly SearchValues<char> NameCharacters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");
}
