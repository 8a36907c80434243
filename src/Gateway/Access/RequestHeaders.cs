using System.Globalization;
using Meridian.Gateway.Errors;
using Meridian.Gateway.Http;
using Microsoft.Extensions.Primitives;

namespace Meridian.Gateway.Access;

/// <summary>
/// Reads the headers with which a caller restricts a request. A header that cannot be read is an error and is never ignored, because the caller meant it to
/// bind.
/// </summary>
internal static class RequestHeaders
{
    private const int MaxJurisdictions = 16;

    private const int MaxJurisdictionLength = 40;

    private const int MaxSessionLength = 256;
    private const int MaxPartLength = 128;

    /// <summary>Reads the caller's deadline, ms.</summary>
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

    /// <summary>Reads the jurisdictions that the data may enter, or null if the caller does not restrict them.</summary>
    public static ApiError? ReadResidency(StringValues header, out string[]? residency)
    {
        residency = null;
        if (header.Count == 0)
        {
            return null;
        }

        residency = Jurisdictions(header.ToString());
        if (residency is null)
        {
            return ApiError.Invalid(
                "invalid_header",
                $"The header {GatewayHeaders.Residency} must be 1 to {MaxJurisdictions} jurisdictions in lower case (a-z, 0-9, -), separated by commas, for example eu,us.",
                GatewayHeaders.Residency);
        }

        return null;
    }

    /// <summary>Reads the id of the conversation, or null.</summary>
    public static ApiError? ReadSession(StringValues header, string name, out string? session)
    {
        session = null;
        if (header.Count == 0)
        {
            return null;
        }

        if (header.Count != 1 || header[0] is not { Length: > 0 and <= MaxSessionLength } id || id.AsSpan().ContainsAnyExceptInRange('!', '~'))
        {
            return ApiError.Invalid("invalid_header", $"The header {name} must be one id of 1 to {MaxSessionLength} visible ASCII characters.", name);
        }

        session = id;
        return null;
    }

    /// <summary>Reads a header that names a version or a variant.</summary>
    public static ApiError? ReadPart(StringValues header, string name, out string? part)
    {
        part = null;
        if (header.Count == 0)
        {
            return null;
        }

        if (header.Count != 1 || header[0] is not { Length: > 0 and <= MaxPartLength } text || text.AsSpan().ContainsAnyExceptInRange('!', '~') || text.Contains('/', StringComparison.Ordinal))
        {
            return ApiError.Invalid("invalid_header", $"The header {name} must be one name of 1 to {MaxPartLength} visible ASCII characters without '/'.", name);
        }

        part = text;
        return null;
    }

    /// <summary>Reads a header whose value is one of two words.</summary>
    /// <param name="yes">The word for true.</param>
    /// <param name="no">The word for false.</param>
    /// <param name="absent">Value if the header is absent.</param>
    public static ApiError? ReadSwitch(StringValues header, string name, string yes, string no, bool absent, out bool value)
    {
        value = header.Count == 0 ? absent : header == yes;
        return header.Count == 0 || value || header == no ? null : ApiError.Invalid("invalid_header", $"The header {name} must be {yes} or {no}.", name);
    }

    /// <summary>Parses a comma-separated list of jurisdictions in lower case. Returns null if the list is malformed.</summary>
    public static string[]? Jurisdictions(string text)
    {
        var names = text.Split(',', StringSplitOptions.TrimEntries);
        return names.Length <= MaxJurisdictions && Array.TrueForAll(names, IsJurisdiction) ? names : null;
    }

    private static bool IsJurisdiction(string name) =>
        name.Length is > 0 and <= MaxJurisdictionLength && !name.AsSpan().ContainsAnyExcept(JurisdictionCharacters);

    private static readonly System.Buffers.SearchValues<char> JurisdictionCharacters = System.Buffers.SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-");
}
