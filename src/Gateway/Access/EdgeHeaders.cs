using System.Globalization;
using Meridian.Gateway.Http;
using Microsoft.AspNetCore.Http;

namespace Meridian.Gateway.Access;

/// <summary>Writes the answer headers that tell which region served the request and how many regions were tried.</summary>
internal static class EdgeHeaders
{
    public static void Write(HttpResponse response, string? region, int attempts)
    {
        var headers = response.Headers;
        headers[GatewayHeaders.Attempts] = attempts.ToString(CultureInfo.InvariantCulture);
        if (region is not null)
        {
            headers[GatewayHeaders.Region] = region;
        }
    }
}
