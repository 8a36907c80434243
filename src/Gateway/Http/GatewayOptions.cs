namespace Meridian.Gateway.Http;

/// <summary>Limits of the HTTP facade.</summary>
public sealed class GatewayOptions
{
    /// <summary>Smallest body limit that leaves room for a useful request, bytes.</summary>
    public const long LeastRequestBytes = 1024;

    /// <summary>Largest deadline that a caller may ask for, ms.</summary>
    public const int GreatestDeadlineMs = 600_000;

    /// <summary>What an entry of <see cref="Hosts"/> must be.</summary>
    public const string HostRule = "must be a host name or an address without a port, for example meridian.example.";

    /// <summary>What an entry of <see cref="AllowedOrigins"/> must be.</summary>
    public const string OriginRule =
        "must be an origin as browsers send it, scheme and host and no path, for example https://app.example or http://localhost:3000. (No '*': while there are no keys it would let every page of the web in.)";

    /// <value>
    /// Largest request body, bytes. The default of 8 MiB takes 2048 items of 256 tokens however they are written: as token arrays (at most 4 MB),
    /// or as text in which every token is an escaped surrogate pair (6.3 MB).
    /// </value>
    public long MaxRequestBytes { get; set; } = 8 * 1024 * 1024;

    /// <value>Deadline of a request that names none in <see cref="GatewayHeaders.Deadline"/>, ms, 1 to 600000. The default is the time-out of OpenAI's clients.</value>
    public int DefaultDeadlineMs { get; set; } = 600_000;

    /// <value>Deadline of a generation that names none, ms, 1 to 600000: tokens may come for minutes.</value>
    public int DefaultGenerationDeadlineMs { get; set; } = 600_000;

    /// <value>
    /// Longest silence on a stream before a comment is sent that says that it lives, ms, 100 to 600000; before the first token its headers leave with the first comment. Proxies cut what is
    /// silent for long, most of them after a minute.
    /// </value>
    public int HeartbeatMs { get; set; } = 15_000;

    /// <value>How long a resumable stream waits for its caller to come back, seconds, 0 (none is resumable) to 600.</value>
    public int ResumeSeconds { get; set; } = 30;

    /// <value>Most resumable streams, those included that wait for their caller, 0 to 1000000. Beyond, answers are not resumable and say so.</value>
    public int MaxResumableStreams { get; set; } = 1024;

    /// <value>Most of them that one tenant may have, 1 to 1000000; null (the default): as many as there are.</value>
    public int? MaxResumableStreamsPerTenant { get; set; }

    /// <summary>Shortest <see cref="ResumeKey"/>, characters.</summary>
    public const int LeastResumeKey = 32;

    /// <value>
    /// Secret that all edges of an installation share, at least 32 characters: it signs the ids of events, so that an answer begun at one edge can go on at another. Null (the default): this
    /// process draws one, and other edges refuse its ids.
    /// </value>
    public string? ResumeKey { get; set; }

    /// <value>Most items in one embeddings request. OpenAI's limit is the default.</value>
    public int MaxItems { get; set; } = 2048;

    /// <value>
    /// Whether <see cref="GatewayHeaders.Tenant"/> says who the tenant is. Only for an installation whose callers reach it through nothing but a trusted proxy that sets that header, or
    /// takes it out, on every request: whoever can send it can act as any tenant. Default false: a request with it is refused.
    /// </value>
    public bool TrustTenantHeader { get; set; }

    /// <value>
    /// Names, besides the loopback ones, that callers may call this edge by (<c>Host</c>), without a port: those of a proxy in front. The executable adds the addresses that the process
    /// is configured with. Default none.
    /// </value>
    public List<string> Hosts { get; set; } = [];

    /// <value>Origins (<c>https://app.example</c>) whose web pages may call the API, all but the admin API (CORS). Default none.</value>
    public List<string> AllowedOrigins { get; set; } = [];

    /// <summary>Whether a text keeps <see cref="HostRule"/>.</summary>
    public static bool IsHost(string? text) => Uri.CheckHostName(text?.Trim('[', ']')) is UriHostNameType.Dns or UriHostNameType.IPv4 or UriHostNameType.IPv6;

    /// <summary>Whether a text keeps <see cref="OriginRule"/>.</summary>
    public static bool IsOrigin(string? text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var origin) && origin.Host.Length > 0 && $"{origin.Scheme}://{origin.Authority}" == text;
}
