namespace Meridian.Gateway.Callers;

/// <summary>Who sent a request.</summary>
/// <param name="Tenant">Tenant on whose behalf it runs.</param>
internal sealed record Caller(string Tenant);
