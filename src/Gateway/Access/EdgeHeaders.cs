using System.Globalization;
using Meridian.Gateway.Http;
using Microsoft.AspNetCore.Http;

namespace Meridian.Gateway.Access;

/// <summary>What an answer says of the way it took.</summary>
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
