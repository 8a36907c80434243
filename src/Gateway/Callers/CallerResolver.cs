using Microsoft.AspNetCore.Http;

namespace Meridian.Gateway.Callers;

/// <summary>
/// The one place where a request gets its caller. Processes without keys bind loopback only, so everyone who reaches this is the operator's own:
/// any key, or none, is the default tenant. The authorization header is never read, so it can never be logged.
/// </summary>
internal sealed class CallerResolver
{
    private static readonly Caller Default = new("default");

#pragma warning disable CA1822 // An instance: keys are looked up in the directory's snapshot.
    public Caller Resolve(HttpContext context)
#pragma warning restore CA1822
    {
        _ = context;
        return Default;
    }
}
