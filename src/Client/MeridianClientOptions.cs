using Meridian.Grains;
using Microsoft.Extensions.Logging;

namespace Meridian.Client;

/// <summary>Where the regions are and how the client behaves towards them. Checked at start; every mistake is reported at once.</summary>
public sealed class MeridianClientOptions
{
    /// <value>The regions, 1 to 64.</value>
    public IList<MeridianRegionOptions> Regions { get; set; } = [];

    /// <value>Orleans service id. Default <c>meridian</c>.</value>
    public string ServiceId { get; set; } = RegionClusterId.Service;

    /// <value>Model of requests that name none. Default <c>minilm</c>.</value>
    public string DefaultModel { get; set; } = "minilm";

    /// <value>Model of chats that name none. Default null: a chat must name its model.</value>
    public string? DefaultChatModel { get; set; }

    /// <value>Longest a request may take, all attempts and waits together; of one that is streamed, to its first tokens. Default 10 min, as OpenAI's clients: a prompt may wait long for its turn.</value>
    public TimeSpan Deadline { get; set; } = TimeSpan.FromMinutes(10);

    /// <value>Longest a streamed request may take to its last token, <see cref="Deadline"/> included. Default 10 min.</value>
    public TimeSpan StreamDeadline { get; set; } = TimeSpan.FromMinutes(10);

    /// <value>Most times that a request is sent, the first time included. Default 4.</value>
    public int Attempts { get; set; } = 4;

    /// <value>How long a request waits for a region when none can be reached, within its deadline. Default 10 s: a lone region restarts in less.</value>
    public TimeSpan WaitForRegion { get; set; } = TimeSpan.FromSeconds(10);

    /// <value>Time between two looks at a region: its round trip, readiness and queues. Default 1 s.</value>
    public TimeSpan PingInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <value>How long an answer to a look may take. Two in a row without any sign of life lose the region. Default 2 s.</value>
    public TimeSpan PingTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <value>Longest pause between two attempts to reach a lost region. Pauses start at 100 ms, double, and are jittered. Default 2 s.</value>
    public TimeSpan ReconnectMaxDelay { get; set; } = TimeSpan.FromSeconds(2);

    /// <value>How long a region that was lost must be back before it may take over from one that serves well. Default 5 s.</value>
    public TimeSpan ReturnAfter { get; set; } = TimeSpan.FromSeconds(5);

    /// <value>Region that is preferred whenever it can serve, whatever the round trips; null to go by them alone.</value>
    public string? HomeRegion { get; set; }

    /// <value>Tenant on whose behalf requests run that name none. Default <c>default</c>.</value>
    public string Tenant { get; set; } = "default";

    /// <value>
    /// Jurisdictions that data may enter, or null for no restriction. Regions under any other are not even connected to, and where no permitted
    /// region can serve the request fails: never relaxed.
    /// </value>
    public IList<string>? Residency { get; set; }

    /// <value>Most items in one request; larger inputs are sent in several. Default 256: small enough for any engine's queue.</value>
    public int MaxItemsPerRequest { get; set; } = 256;

    /// <value>Least severe messages of the embedded Orleans clients that are logged. Default Error: a region that is away is a normal sight here, and logged by the client itself.</value>
    public LogLevel OrleansLogLevel { get; set; } = LogLevel.Error;

    /// <value>Further set-up of a region's Orleans client (TLS, own serializers, filters), called with the region's name whenever the client is built.</value>
    public Action<string, IClientBuilder>? ConfigureOrleans { get; set; }
}

/// <summary>A region that the client may use.</summary>
public sealed class MeridianRegionOptions
{
    /// <value>The region's name, for example <c>westeurope</c>. Required; a gateway that says it belongs to another region is not used.</value>
    public string Name { get; set; } = "";

    /// <value>Law that data in the region is under, for example <c>eu</c>. Without it the region is never used under <see cref="MeridianClientOptions.Residency"/>.</value>
    public string? Jurisdiction { get; set; }

    /// <value>Orleans gateways as <c>host:port</c>; at least one. A host name is looked up again at every refresh of the list.</value>
    public IList<string> Gateways { get; set; } = [];

    /// <value>Orleans cluster id; default <c>meridian-</c> and the name.</value>
    public string? ClusterId { get; set; }

    internal string EffectiveClusterId => string.IsNullOrEmpty(ClusterId) ? RegionClusterId.Of(Name) : ClusterId;
}
