namespace Meridian.Gateway.Http;

/// <summary>Settings of the HTTP facade.</summary>
public sealed class GatewayOptions
{
    /// <summary>Smallest value of <see cref="MaxRequestBytes"/> that leaves room for a useful request, bytes.</summary>
    public const long LeastRequestBytes = 1024;

    /// <summary>Largest deadline that a caller may ask for, ms.</summary>
    public const int GreatestDeadlineMs = 600_000;

    /// <summary>The rule for an entry of <see cref="Hosts"/>.</summary>
    public const string HostRule = "must be a host name or an address without a port, for example meridian.example.";

    /// <summary>The rule for an entry of <see cref="AllowedOrigins"/>.</summary>
    public const string OriginRule =
        "must be an origin as browsers send it, scheme and host and no path, for example https://app.example or http://localhost:3000. (No '*': while there are no keys it would let every page of the web in.)";

    /// <value>
    /// Largest request body, bytes. The default of 8 MiB has room for 2048 items of 256 tokens in every notation: as token arrays (at most 4 MB), or as text
    /// in which every token is an escaped surrogate pair (6.3 MB).
    /// </value>
    public long MaxRequestBytes { get; set; } = 8 * 1024 * 1024;

    /// <value>
    /// Deadline of a request that gives none in <see cref="GatewayHeaders.Deadline"/>, ms, 1 to 600000. The default is the timeout of OpenAI's clients.
    /// </value>
    public int DefaultDeadlineMs { get; set; } = 600_000;

    /// <value>Deadline of a generation request that gives none, ms, 1 to 600000. Generation may take minutes.</value>
    public int DefaultGenerationDeadlineMs { get; set; } = 600_000;

    /// <value>
    /// Longest silence on a stream before a comment is sent to show that the stream is alive, ms, 100 to 600000. Before the first token, the first comment
    /// also sends the headers. Proxies cut connections that are silent for long, most of them after a minute.
    /// </value>
    public int HeartbeatMs { get; set; } = 15_000;

    /// <value>How long a resumable stream waits for its caller to come back, seconds, 0 to 600. With 0 no stream is resumable.</value>
    public int ResumeSeconds { get; set; } = 30;

    /// <value>
    /// Maximum number of resumable streams, including those that wait for their caller, 0 to 1000000. Beyond that number, answers are not resumable and say
    /// so.
    /// </value>
    public int MaxResumableStreams { get; set; } = 1024;

    /// <value>Maximum number of resumable streams of one tenant, 1 to 1000000. Null (the default) sets no limit for a tenant.</value>
    public int? MaxResumableStreamsPerTenant { get; set; }

    /// <summary>Minimum length of <see cref="ResumeKey"/>, characters.</summary>
    public const int LeastResumeKey = 32;

    /// <value>
    /// Secret that all edges of an installation share, at least 32 characters. It signs the ids of events, so that an answer begun at one edge can go on at
    /// another. Null (the default): this process draws its own secret, and other edges refuse its ids.
    /// </value>
    public string? ResumeKey { get; set; }

    /// <value>Maximum number of items in one embeddings request. The default is OpenAI's limit.</value>
    public int MaxItems { get; set; } = 2048;

    /// <value>
    /// Whether <see cref="GatewayHeaders.Tenant"/> decides who the tenant is. Set it only if callers can reach this process only through a trusted proxy that
    /// sets or removes that header on every request: everyone who can send the header can act as any tenant. Default false: a request with the header is
    /// refused.
    /// </value>
    public bool TrustTenantHeader { get; set; }

    /// <value>
    /// Names by which callers may address this edge (<c>Host</c>), besides the loopback names, without a port: the names of a proxy in front. The executable
    /// adds the addresses that the process is configured with. Default none.
    /// </value>
    public List<string> Hosts { get; set; } = [];

    /// <value>Origins (<c>https://app.example</c>) whose web pages may call the API, except the admin API (CORS). Default none.</value>
    public List<string> AllowedOrigins { get; set; } = [];

    /// <summary>Whether a text follows <see cref="HostRule"/>.</summary>
    public static bool IsHost(string? text) => Uri.CheckHostName(text?.Trim('[', ']')) is UriHostNameType.Dns or UriHostNameType.IPv4 or UriHostNameType.IPv6;

    /// <summary>Whether a text follows <see cref="OriginRule"/>.</summary>
    public static bool IsOrigin(string? text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var origin) && origin.Host.Length > 0 && $"{origin.Scheme}://{origin.Authority}" == text;
}
