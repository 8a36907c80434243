using Meridian.Grains;
using Microsoft.Extensions.Logging;

namespace Meridian.Client;

/// <summary>The regions and the behaviour of the client. The options are validated at start, and all mistakes are reported together.</summary>
public sealed class MeridianClientOptions
{
    /// <value>The regions, 1 to 64.</value>
    public IList<MeridianRegionOptions> Regions { get; set; } = [];

    /// <value>Orleans service id. Default <c>meridian</c>.</value>
    public string ServiceId { get; set; } = RegionClusterId.Service;

    /// <value>Model of requests that name no model. Default <c>minilm</c>.</value>
    public string DefaultModel { get; set; } = "minilm";

    /// <value>Model of chats that name no model. Default null: a chat must name its model.</value>
    public string? DefaultChatModel { get; set; }

    /// <value>
    /// Time limit of a request, all attempts and waits included. For a streamed request it ends with the first tokens. Default 10 min, as in OpenAI's
    /// clients, because a prompt may wait long for its turn.
    /// </value>
    public TimeSpan Deadline { get; set; } = TimeSpan.FromMinutes(10);

    /// <value>Time limit of a streamed request until its last token, <see cref="Deadline"/> included. Default 10 min.</value>
    public TimeSpan StreamDeadline { get; set; } = TimeSpan.FromMinutes(10);

    /// <value>Most attempts of a request, the first one included. Default 4.</value>
    public int Attempts { get; set; } = 4;

    /// <value>How long a request waits, within its deadline, when no region can be reached. Default 10 s, because a single region restarts in less.</value>
    public TimeSpan WaitForRegion { get; set; } = TimeSpan.FromSeconds(10);

    /// <value>How long a request waits, within its deadline, for a model that regions are loading and none has ready. Default 30 s; zero refuses at once.</value>
    public TimeSpan WaitForModel { get; set; } = TimeSpan.FromSeconds(30);

    /// <value>Interval between two probes of a region. A probe reads round trip, readiness and queues. Default 1 s.</value>
    public TimeSpan PingInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <value>Timeout of one probe. After two failed probes in a row without any sign of life the region is lost. Default 2 s.</value>
    public TimeSpan PingTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <value>Longest pause between two attempts to reach a lost region. Pauses start at 100 ms, double, and have jitter. Default 2 s.</value>
    public TimeSpan ReconnectMaxDelay { get; set; } = TimeSpan.FromSeconds(2);

    /// <value>How long a region that was lost must be back before it may replace a region that serves well. Default 5 s.</value>
    public TimeSpan ReturnAfter { get; set; } = TimeSpan.FromSeconds(5);

    /// <value>Region that is preferred whenever it can serve, whatever the round trips. Null means that only the expected times decide.</value>
    public string? HomeRegion { get; set; }

    /// <value>Tenant of requests that name no tenant. Default <c>default</c>.</value>
    public string Tenant { get; set; } = "default";

    /// <value>
    /// Jurisdictions that data may enter, or null for no restriction. The client does not even connect to a region under another jurisdiction. If no
    /// permitted region can serve a request, the request fails. The restriction is never relaxed.
    /// </value>
    public IList<string>? Residency { get; set; }

    /// <value>Most items in one request. A larger input is sent in several requests. Default 256, which fits into the queue of any engine.</value>
    public int MaxItemsPerRequest { get; set; } = 256;

    /// <value>
    /// Lowest level at which messages of the embedded Orleans clients are logged. Default Error, because an absent region is normal for a client, and the
    /// client logs it itself.
    /// </value>
    public LogLevel OrleansLogLevel { get; set; } = LogLevel.Error;

    /// <value>
    /// Further set-up of a region's Orleans client (TLS, own serializers, filters). It is called with the region's name whenever the Orleans client is built.
    /// </value>
    public Action<string, IClientBuilder>? ConfigureOrleans { get; set; }
}

/// <summary>A region that the client may use.</summary>
public sealed class MeridianRegionOptions
{
    /// <value>Name of the region, for example <c>westeurope</c>. Required. A gateway that reports another region is not used.</value>
    public string Name { get; set; } = "";

    /// <value>
    /// Law that applies to data in the region, for example <c>eu</c>. A region without it is never used together with
    /// <see cref="MeridianClientOptions.Residency"/>.
    /// </value>
    public string? Jurisdiction { get; set; }

    /// <value>Orleans gateways as <c>host:port</c>, at least one. Host names are resolved at every refresh of the list.</value>
    public IList<string> Gateways { get; set; } = [];

    /// <value>Orleans cluster id. The default is <c>meridian-</c> followed by the name.</value>
    public string? ClusterId { get; set; }

    internal string EffectiveClusterId => string.IsNullOrEmpty(ClusterId) ? RegionClusterId.Of(Name) : ClusterId;
}
