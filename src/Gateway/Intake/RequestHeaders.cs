using System.Globalization;
using Meridian.Gateway.Errors;
using Microsoft.Extensions.Primitives;

namespace Meridian.Gateway.Intake;

/// <summary>Reads the headers with which a caller narrows a request. A header that cannot be read is a mistake, never ignored: it was meant to bind.</summary>
internal static class RequestHeaders
{
    private const int MaxJurisdictions = 16;

    private const int MaxJurisdictionLength = 32;

    /// <summary>The caller's deadline, ms.</summary>
    public static ApiError? ReadDeadline(StringValues header, int absent, out int deadlineMs)
    {
        deadlineMs = absent;
        if (header.Count == 0)
        {
            return null;
        }

        if (header.Count == 1 && int.TryParse(header[0], NumberStyles.None, CultureInfo.InvariantCulture, out deadlineMs) && deadlineMs is >= 1 and <= GatewayOptions.GreatestDeadlineMs)
        {
            return null;
        }

        return ApiError.Invalid("invalid_header", $"The header {GatewayHeaders.Deadline} must be one whole number of ms from 1 to {GatewayOptions.GreatestDeadlineMs}.", GatewayHeaders.Deadline);
    }

    /// <summary>Jurisdictions the data may enter, or null where the caller does not narrow them.</summary>
    public static ApiError? ReadResidency(StringValues header, out string[]? residency)
    {
        residency = null;
        if (header.Count == 0)
        {
            return null;
        }

        var names = header.ToString().Split(',', StringSplitOptions.TrimEntries);
        if (names.Length > MaxJurisdictions || !Array.TrueForAll(names, IsJurisdiction))
        {
            return ApiError.Invalid(
                "invalid_header",
                $"The header {GatewayHeaders.Residency} must be 1 to {MaxJurisdictions} jurisdictions in lower case (a-z, 0-9, -), separated by commas, for example eu,us.",
                GatewayHeaders.Residency);
        }

        residency = names;
        return null;
    }

    private static bool IsJurisdiction(string name) =>
        name.Length is > 0 and <= MaxJurisdictionLength && !name.AsSpan().ContainsAnyExcept(JurisdictionCharacters);

    private static readonly System.Buffers.SearchValues<char> JurisdictionCharacters = System.Buffers.SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-");
}
