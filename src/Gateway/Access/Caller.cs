using System.Net;

namespace Meridian.Gateway.Access;

/// <summary>Who sent a request.</summary>
/// <param name="Tenant">Tenant on whose behalf the request runs.</param>
/// <param name="Address">Network address, or null if it is not known.</param>
internal readonly record struct Caller(string Tenant, IPAddress? Address);
