using System.Net;
using System.Text.RegularExpressions;
using Meridian.Federation.Residency;
using Meridian.Gateway.Http;
using Meridian.Grains;
using Meridian.Inference.Packages;
using Meridian.Intents;
using Meridian.Intents.Wire;
using Meridian.Routing.Policies;
using Meridian.Silo.Processes;
using Meridian.Silo.Sources;

namespace Meridian.Silo.Configuration;

/// <summary>The rules that settings must keep, within a field and across fields. Says all that is broken, never only the first.</summary>
public static partial class MeridianOptionsRules
{
    private const string Root = MeridianOptions.Section;

    // The largest message of the region protocol: a request is forwarded as one.
    private static readonly long MostRequestBytes = new WireOptions().MaxMessageBytes;

    /// <summary>Adds one line a broken rule: path, value, rule.</summary>
    public static void Check(MeridianOptions options, ICollection<string> mistakes)
    {
        if (string.IsNullOrWhiteSpace(options.Data))
        {
            mistakes.Add($"{Root}:Data = '{options.Data}': must name a directory.");
        }

        Range(mistakes, "PortsFrom", options.PortsFrom, 1, 65535 - PortPlan.Span);
        Range(mistakes, "ShutdownSeconds", options.ShutdownSeconds, 1, 600);
        Range(mistakes, "ExactReplayMs", options.ExactReplayMs, 0, 3_600_000);
        Range(mistakes, "AnnounceSeconds", options.AnnounceSeconds, 0, Math.Clamp(options.ShutdownSeconds, 1, 600));
        Range(mistakes, "StreamDrainSeconds", options.StreamDrainSeconds ?? 0, 0, Math.Clamp(options.ShutdownSeconds, 1, 600));
        Range(mistakes, "DrainSeconds", options.DrainSeconds, 1, 3600);
        CheckRegions(options, mistakes);
        CheckModels(options, mistakes);
        CheckRouting(options.Routing, mistakes);
        CheckAvailability(options.Availability, mistakes);
        CheckTenants(options, mistakes);
        CheckGeofence(options, mistakes);
        CheckStore(options.Store, "Store", mistakes);
        CheckClustering(options.Clustering, "Clustering", mistakes);
        CheckIntent(options, mistakes);
        CheckProcess(options, mistakes);
        CheckFrontDoor(options, mistakes);
        CheckGateway(options.Gateway, mistakes);
    }

    private static void CheckRegions(MeridianOptions options, ICollection<string> mistakes)
    {
        if (options.Regions.Count is 0 or > PortPlan.MaxRegions)
        {
            mistakes.Add($"{Root}:Regions: has {options.Regions.Count} entries; 1 to {PortPlan.MaxRegions} are possible.");
        }

        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < options.Regions.Count; i++)
        {
            var region = options.Regions[i];
            var path = $"Regions:{i}";
            if (!RegionName().IsMatch(region.Name))
            {
                mistakes.Add($"{Root}:{path}:Name = '{region.Name}': must be 1 to 40 lower-case letters, digits or '-', starting with a letter.");
            }
            else if (!names.Add(region.Name))
            {
                mistakes.Add($"{Root}:{path}:Name = '{region.Name}': another region has this name; names must differ.");
            }

            if (!RegionName().IsMatch(region.Jurisdiction))
            {
                mistakes.Add($"{Root}:{path}:Jurisdiction = '{region.Jurisdiction}': must be 1 to 40 lower-case letters, digits or '-', for example 'eu'.");
            }

            if (region.Country is { } country && !Country().IsMatch(country))
            {
                mistakes.Add($"{Root}:{path}:Country = '{country}': must be two letters by ISO 3166-1, for example 'NL'.");
            }

            Range(mistakes, $"{path}:PricePerHour", region.PricePerHour, 0, 1_000_000);
            CheckAddress(region.Facade, $"{path}:Facade", mistakes);
            CheckAddress(region.Protocol, $"{path}:Protocol", mistakes);
            CheckAddress(region.Control, $"{path}:Control", mistakes);
            CheckHostPort(region.Consensus, $"{path}:Consensus", mistakes);
            if (region.Store is { } store)
            {
                CheckStore(store, $"{path}:Store", mistakes);
            }

            if (region.Clustering is { } clustering)
            {
                CheckClustering(clustering, $"{path}:Clustering", mistakes);
            }
        }

        if (!string.IsNullOrEmpty(options.Region) && !names.Contains(options.Region))
        {
            mistakes.Add($"{Root}:Region = '{options.Region}': not one of the configured regions ({string.Join(", ", names)}).");
        }
    }

    private static void CheckModels(MeridianOptions options, ICollection<string> mistakes)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < options.Models.Count; i++)
        {
            var model = options.Models[i];
            var path = $"Models:{i}";
            if (!ModelName().IsMatch(model.Name))
            {
                mistakes.Add($"{Root}:{path}:Name = '{model.Name}': must be 1 to 96 letters, digits, '.', '_' or '-', starting with a letter or digit.");
            }
            else if (!names.Add(model.Name))
            {
                mistakes.Add($"{Root}:{path}:Name = '{model.Name}': another model has this name; names must differ.");
            }

            if (string.IsNullOrWhiteSpace(model.Kind))
            {
                mistakes.Add($"{Root}:{path}:Kind = '{model.Kind}': must say what the model does, 'embedding' or 'generation'.");
            }

            if (!ModelSources.IsKnown(model.Source))
            {
                mistakes.Add(
                    $"{Root}:{path}:Source = '{model.Source}': must be '{ModelSources.MiniLm}' or '{ModelSources.Stories}' (built in), a directory with a {ModelManifestRules.FileName}, or a Hugging Face folder (config.json, tokenizer.json, onnx/model.onnx).");
            }

            foreach (var region in model.Regions)
            {
                if (!options.Regions.Any(r => r.Name == region))
                {
                    mistakes.Add($"{Root}:{path}:Regions has '{region}': not one of the configured regions.");
                }
            }

            if (model.Routing is not null)
            {
                CheckPolicy(model.Routing, $"{path}:Routing", mistakes);
            }

            CheckDevice(model.Device, $"{path}:Device", mistakes);
            Range(mistakes, $"{path}:HedgeAfterMs", model.HedgeAfterMs, 0, 600_000);
            Range(mistakes, $"{path}:Replicas", model.Replicas, 0, ScaleChange.MaxReplicas);
            Range(mistakes, $"{path}:IntraOpThreads", model.IntraOpThreads, 1, 256);
            Range(mistakes, $"{path}:Workers", model.Workers, 1, 64);
            Range(mistakes, $"{path}:MaxBatch", model.MaxBatch, 1, 4096);
            Range(mistakes, $"{path}:MaxWaitMs", model.MaxWaitMs, 0, 1000);
            Range(mistakes, $"{path}:QueueCapacity", model.QueueCapacity, 1, 1_000_000);
            Range(mistakes, $"{path}:MaxSequences", model.MaxSequences, 1, 4096);
            Range(mistakes, $"{path}:KvCacheMiB", model.KvCacheMiB ?? 1, 1, 1 << 20);
            Range(mistakes, $"{path}:PrefillChunk", model.PrefillChunk, 1, 1 << 20);
            Range(mistakes, $"{path}:RingTokens", model.RingTokens, 1, 1 << 20);
        }
    }

    private static void CheckRouting(RoutingSettings routing, ICollection<string> mistakes)
    {
        CheckPolicy(routing.Policy, "Routing:Policy", mistakes);
        CheckPolicy(routing.FlexPolicy, "Routing:FlexPolicy", mistakes);
        Range(mistakes, "Routing:NearEqualMs", routing.NearEqualMs, 0, 10_000);
        Range(mistakes, "Routing:LowWaterSeconds", routing.LowWaterSeconds, 0, 3600);
        Range(mistakes, "Routing:AffinityExtraMs", routing.AffinityExtraMs, 0, 3_600_000);
        Range(mistakes, "Routing:AffinityExtraRequests", routing.AffinityExtraRequests, 0, 1_000_000);
        Range(mistakes, "Routing:AffinityRatio", routing.AffinityRatio, 1, 1000);
        Range(mistakes, "Routing:FlexExtraSeconds", routing.FlexExtraSeconds, 0, 86_400);
        Range(mistakes, "Routing:FlexLoad", routing.FlexLoad, 0, 1);
        if (routing.HighWaterMs is not (> 0 and <= 3_600_000))
        {
            mistakes.Add(FormattableString.Invariant($"{Root}:Routing:HighWaterMs = {routing.HighWaterMs}: must be above 0, at most 3600000."));
        }

        if (!(routing.LowWaterMs >= 0 && routing.LowWaterMs < routing.HighWaterMs))
        {
            mistakes.Add(FormattableString.Invariant($"{Root}:Routing:LowWaterMs = {routing.LowWaterMs}: must be at least 0 and below Routing:HighWaterMs ({routing.HighWaterMs})."));
        }
    }

    private static void CheckAvailability(AvailabilitySettings availability, ICollection<string> mistakes)
    {
        const double Day = 86_400;
        Range(mistakes, "Availability:FailureRatio", availability.FailureRatio, 0.01, 1);
        Range(mistakes, "Availability:MinimumThroughput", availability.MinimumThroughput, 2, 1_000_000);
        Range(mistakes, "Availability:SamplingSeconds", availability.SamplingSeconds, 0.5, Day);
        Range(mistakes, "Availability:MaxBreakSeconds", availability.MaxBreakSeconds, 0.5, Day);
        Range(mistakes, "Availability:BreakSeconds", availability.BreakSeconds, 0.5, availability.MaxBreakSeconds is >= 0.5 and <= Day ? availability.MaxBreakSeconds : Day);
        Range(mistakes, "Availability:Probes", availability.Probes, 1, 1000);
        Range(mistakes, "Availability:HalfOpenShare", availability.HalfOpenShare, 0.0001, 1);
        Range(mistakes, "Availability:SlowStartSeconds", availability.SlowStartSeconds, 0, 3600);
        Range(mistakes, "Availability:SlowStartFloor", availability.SlowStartFloor, 0.0001, 1);
        Range(mistakes, "Availability:SlowStartAggression", availability.SlowStartAggression, 0.01, 100);
    }

    private static void CheckPolicy(string policy, string path, ICollection<string> mistakes)
    {
        if (!RoutingPolicies.ByName.ContainsKey(policy))
        {
            mistakes.Add($"{Root}:{path} = '{policy}': must be one of {RoutingPolicies.Names}.");
        }
    }

    private static void CheckTenants(MeridianOptions options, ICollection<string> mistakes)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < options.Tenants.Count; i++)
        {
            var tenant = options.Tenants[i];
            var path = $"Tenants:{i}";
            if (!TenantName().IsMatch(tenant.Name))
            {
                mistakes.Add($"{Root}:{path}:Name = '{tenant.Name}': must be 1 to 128 letters, digits, '.', '_' or '-'.");
            }
            else if (!names.Add(tenant.Name))
            {
                mistakes.Add($"{Root}:{path}:Name = '{tenant.Name}': another tenant has this name; names must differ.");
            }

            if (tenant.Residency.Count == 0)
            {
                mistakes.Add($"{Root}:{path}:Residency: has no entries; name the jurisdictions that data of '{tenant.Name}' may enter, or leave the tenant out where it may go anywhere.");
            }

            foreach (var jurisdiction in tenant.Residency.Where(jurisdiction => !RegionName().IsMatch(jurisdiction)))
            {
                mistakes.Add($"{Root}:{path}:Residency has '{jurisdiction}': must be 1 to 40 lower-case letters, digits or '-', for example 'eu'.");
            }
        }
    }

    private static void CheckGeofence(MeridianOptions options, ICollection<string> mistakes)
    {
        var wrong = new List<string>();
        GeofenceReader.Read(options.Geofence, wrong);
        foreach (var mistake in wrong)
        {
            mistakes.Add($"{Root}:Geofence:{mistake}");
        }

        foreach (var (country, rule) in options.Geofence.Countries)
        {
            foreach (var region in rule.Regions.Where(region => region.Length > 0 && !options.Regions.Exists(r => r.Name == region)))
            {
                mistakes.Add($"{Root}:Geofence:Countries:{country}:Regions has '{region}': not one of the configured regions.");
            }
        }
    }

    private static void CheckStore(StoreOptions store, string path, ICollection<string> mistakes)
    {
        if (store.Kind == StoreKind.Redis && string.IsNullOrWhiteSpace(store.ConnectionString))
        {
            mistakes.Add($"{Root}:{path}:ConnectionString = '': {path}:Kind is Redis, which needs one, for example 'localhost:6379'.");
        }

        CheckConnection(store.ConnectionString, $"{path}:ConnectionString", static text => RedisConnection.Options(text), mistakes);
        Range(mistakes, $"{path}:MemoryMiB", store.MemoryMiB, 16, 1 << 20);
        Range(mistakes, $"{path}:LogLimitMiB", store.LogLimitMiB, 16, 1 << 16);
    }

    private static void CheckClustering(ClusteringOptions clustering, string path, ICollection<string> mistakes)
    {
        if (clustering.Kind == ClusteringKind.AzureStorage && string.IsNullOrWhiteSpace(clustering.ConnectionString))
        {
            mistakes.Add($"{Root}:{path}:ConnectionString = '': {path}:Kind is AzureStorage, which needs one.");
        }

        CheckConnection(
            clustering.ConnectionString,
            $"{path}:ConnectionString",
            text => _ = clustering.Kind == ClusteringKind.Redis ? RedisConnection.Options(text) : (object)new Azure.Data.Tables.TableServiceClient(text),
            mistakes);
    }

    private static void CheckConnection(string? connection, string path, Action<string> parse, ICollection<string> mistakes)
    {
        if (string.IsNullOrWhiteSpace(connection))
        {
            return;
        }

        Secrets.Remember(connection);
        try
        {
            parse(connection);
        }
        catch (Exception e) when (e is ArgumentException or FormatException or InvalidOperationException)
        {
            // The value may hold a password, and the library's message a part of the value.
            mistakes.Add($"{Root}:{path}: not understood: {Secrets.Redact(e.Message, connection).ReplaceLineEndings(" ")}");
        }
    }

    private static void CheckIntent(MeridianOptions options, ICollection<string> mistakes)
    {
        var intent = options.Intent;
        Range(mistakes, "Intent:LowerElectionTimeoutMs", intent.LowerElectionTimeoutMs, 150, 60_000);
        Range(mistakes, "Intent:UpperElectionTimeoutMs", intent.UpperElectionTimeoutMs, Math.Clamp(intent.LowerElectionTimeoutMs, 150, 60_000) + 1, 120_000);
        Range(mistakes, "Intent:SnapshotEvery", intent.SnapshotEvery, 16, 1_000_000);
        var names = options.Regions.Select(region => region.Name).ToHashSet(StringComparer.Ordinal);
        for (var i = 0; i < intent.Witnesses.Count; i++)
        {
            var witness = intent.Witnesses[i];
            var path = $"Intent:Witnesses:{i}";
            if (!RegionName().IsMatch(witness.Name) || !names.Add(witness.Name))
            {
                mistakes.Add($"{Root}:{path}:Name = '{witness.Name}': must be 1 to 40 lower-case letters, digits or '-', and no region or witness may have it already.");
            }

            if (string.IsNullOrWhiteSpace(witness.Consensus))
            {
                mistakes.Add($"{Root}:{path}:Consensus = '': must say where the witness speaks consensus, for example 10.0.0.3:8194.");
            }

            CheckHostPort(witness.Consensus, $"{path}:Consensus", mistakes);
            if (witness.Control is null)
            {
                mistakes.Add($"{Root}:{path}:Control = '': must be an http address of a host and a port, for example http://10.0.0.3:8195.");
            }

            CheckAddress(witness.Control, $"{path}:Control", mistakes);
        }

        CheckWitness(options, mistakes);
        var endpoints = (intent.EtcdEndpoints ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (intent.Kind == IntentKind.Etcd && endpoints.Length == 0)
        {
            mistakes.Add($"{Root}:Intent:EtcdEndpoints = '': Intent:Kind is Etcd, which needs at least one, for example http://10.0.0.1:2379.");
        }

        foreach (var endpoint in endpoints)
        {
            if (!Uri.TryCreate(endpoint, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
            {
                mistakes.Add($"{Root}:Intent:EtcdEndpoints has '{endpoint}': must be an http or https address, for example http://10.0.0.1:2379.");
            }
        }
    }

    /// <summary>A witness's own addresses are what its process binds.</summary>
    private static void CheckWitness(MeridianOptions options, ICollection<string> mistakes)
    {
        var intent = options.Intent;
        if (string.IsNullOrEmpty(intent.Witness))
        {
            return;
        }

        var own = intent.Witnesses.FindIndex(witness => witness.Name == intent.Witness);
        if (own < 0)
        {
            mistakes.Add($"{Root}:Intent:Witness = '{intent.Witness}': not one of the configured witnesses ({string.Join(", ", intent.Witnesses.Select(witness => witness.Name))}).");
            return;
        }

        if (intent.Kind != IntentKind.Raft)
        {
            mistakes.Add($"{Root}:Intent:Kind = '{intent.Kind}': only a log of kind Raft has witnesses.");
        }

        CheckVoterListens(options, intent.Witnesses[own].Control, intent.Witnesses[own].Consensus, $"Intent:Witnesses:{own}", mistakes);
    }

    /// <summary>What the process of a voter binds: its own addresses, or those that the process has instead.</summary>
    private static void CheckVoterListens(MeridianOptions options, Uri? control, string? consensus, string path, ICollection<string> mistakes)
    {
        var process = options.Process;
        if (process.ControlUrl is null)
        {
            CheckListen(process, control, $"{path}:Control", mistakes, seen: true);
        }

        var (listen, listenPath) = process.ConsensusListen is null ? (consensus, $"{path}:Consensus") : (process.ConsensusListen, "Process:ConsensusListen");
        if (options.Intent.Kind == IntentKind.Raft && !string.IsNullOrWhiteSpace(listen) && ConsensusAddress.TryParse(listen, out _))
        {
            CheckListen(process, new Uri($"http://{listen}"), listenPath, mistakes, seen: true);
        }
    }

    /// <summary>
    /// The port plan puts every voter on this machine. Where a region is known to be elsewhere, a voter sought here would never be found, and without all voters no log is founded.
    /// </summary>
    private static void CheckVoters(MeridianOptions options, int own, ICollection<string> mistakes)
    {
        if (options.Intent.Kind != IntentKind.Raft || options.Regions.Count + options.Intent.Witnesses.Count < 2)
        {
            return;
        }

        var keeps = options.Process.Roles.HasFlag(RegionRoles.Control);
        for (var i = 0; i < options.Regions.Count; i++)
        {
            var region = options.Regions[i];
            if ((!keeps && i != own) || region.Protocol is not { IsAbsoluteUri: true } protocol || IsLoopback(protocol))
            {
                continue;
            }

            var planned = PortPlan.Region(options.PortsFrom, i + 1);
            if (keeps && string.IsNullOrWhiteSpace(region.Consensus))
            {
                mistakes.Add(
                    $"{Root}:Regions:{i}:Consensus = '': the region is not on this machine (Protocol = {protocol.OriginalString}), so its voter of the intent log is not at 127.0.0.1:{planned.Consensus}. "
                    + $"Say where it speaks consensus, for example {protocol.Host}:{planned.Consensus}, or keep no log anywhere with Intent:Kind = None.");
            }

            if (region.Control is null)
            {
                mistakes.Add(
                    $"{Root}:Regions:{i}:Control = '': the region is not on this machine (Protocol = {protocol.OriginalString}), so its process with role control is not at 127.0.0.1:{planned.Control}. "
                    + $"Say where it is, for example http://{protocol.Host}:{planned.Control}, or keep no log anywhere with Intent:Kind = None.");
            }
        }
    }

    private static void CheckHostPort(string? text, string path, ICollection<string> mistakes)
    {
        if (!string.IsNullOrWhiteSpace(text) && !ConsensusAddress.TryParse(text, out _))
        {
            mistakes.Add($"{Root}:{path} = '{text}': must be host:port, for example 10.0.0.1:8194.");
        }
    }

    private static void CheckProcess(MeridianOptions options, ICollection<string> mistakes)
    {
        var process = options.Process;
        if (process.Roles == RegionRoles.None)
        {
            mistakes.Add($"{Root}:Process:Roles = 'None': must be one or more of store, control, silo, facade.");
        }

        CheckListen(process, process.FacadeUrl, "Process:FacadeUrl", mistakes);
        CheckListen(process, process.ProtocolUrl, "Process:ProtocolUrl", mistakes);

        // The region's own addresses are what this process binds; those of other regions only have to be reachable.
        var own = options.Regions.FindIndex(r => r.Name == options.Region);
        if (own >= 0 && process.Roles.HasFlag(RegionRoles.Facade))
        {
            if (process.FacadeUrl is null)
            {
                CheckListen(process, options.Regions[own].Facade, $"Regions:{own}:Facade", mistakes, seen: true);
            }

            if (process.ProtocolUrl is null)
            {
                CheckListen(process, options.Regions[own].Protocol, $"Regions:{own}:Protocol", mistakes, seen: true);
            }
        }

        if (own >= 0)
        {
            CheckVoters(options, own, mistakes);
        }

        CheckListen(process, process.ControlUrl, "Process:ControlUrl", mistakes);
        CheckHostPort(process.ConsensusListen, "Process:ConsensusListen", mistakes);
        if (own >= 0 && process.Roles.HasFlag(RegionRoles.Control) && options.Intent.Kind != IntentKind.None)
        {
            CheckVoterListens(options, options.Regions[own].Control, options.Regions[own].Consensus, $"Regions:{own}", mistakes);
        }

        foreach (var device in process.Devices.Split(','))
        {
            CheckDevice(device, "Process:Devices", mistakes);
        }

        Port(mistakes, "Process:SiloPort", process.SiloPort);
        Port(mistakes, "Process:GatewayPort", process.GatewayPort);
        Port(mistakes, "Process:StorePort", process.StorePort);
    }

    private static void CheckFrontDoor(MeridianOptions options, ICollection<string> mistakes)
    {
        var frontDoor = options.FrontDoor;
        if (string.IsNullOrWhiteSpace(frontDoor.Name))
        {
            mistakes.Add($"{Root}:FrontDoor:Name = '{frontDoor.Name}': must not be empty.");
        }

        CheckListen(options.Process, frontDoor.Url, "FrontDoor:Url", mistakes);
        if (!string.IsNullOrWhiteSpace(frontDoor.Jurisdiction) && !RegionName().IsMatch(frontDoor.Jurisdiction))
        {
            mistakes.Add($"{Root}:FrontDoor:Jurisdiction = '{frontDoor.Jurisdiction}': must be 1 to 40 lower-case letters, digits or '-', for example 'eu'.");
        }
    }

    private static void CheckGateway(GatewayOptions gateway, ICollection<string> mistakes)
    {
        Range(mistakes, "Gateway:DefaultDeadlineMs", gateway.DefaultDeadlineMs, 1, GatewayOptions.GreatestDeadlineMs);
        Range(mistakes, "Gateway:DefaultGenerationDeadlineMs", gateway.DefaultGenerationDeadlineMs, 1, GatewayOptions.GreatestDeadlineMs);
        Range(mistakes, "Gateway:HeartbeatMs", gateway.HeartbeatMs, 100, 600_000);
        Range(mistakes, "Gateway:MaxRequestBytes", gateway.MaxRequestBytes, GatewayOptions.LeastRequestBytes, MostRequestBytes);
        Range(mistakes, "Gateway:MaxItems", gateway.MaxItems, 1, 65_536);
        Range(mistakes, "Gateway:ResumeSeconds", gateway.ResumeSeconds, 0, 600);
        Range(mistakes, "Gateway:MaxResumableStreams", gateway.MaxResumableStreams, 0, 1_000_000);
        CheckEntries(mistakes, "Gateway:Hosts", gateway.Hosts, GatewayOptions.IsHost, GatewayOptions.HostRule);
        CheckEntries(mistakes, "Gateway:AllowedOrigins", gateway.AllowedOrigins, GatewayOptions.IsOrigin, GatewayOptions.OriginRule);
        if (gateway.MaxResumableStreamsPerTenant is { } ofOne)
        {
            Range(mistakes, "Gateway:MaxResumableStreamsPerTenant", ofOne, 1, 1_000_000);
        }

        if (gateway.ResumeKey is { Length: < GatewayOptions.LeastResumeKey } key)
        {
            // A secret: its value is not shown.
            mistakes.Add($"{Root}:Gateway:ResumeKey has {key.Length} characters: must have at least {GatewayOptions.LeastResumeKey}, for example of `openssl rand -base64 32`, or be left out.");
        }
    }

    private static void CheckEntries(ICollection<string> mistakes, string path, List<string> entries, Predicate<string> isSound, string rule)
    {
        for (var i = 0; i < entries.Count; i++)
        {
            if (!isSound(entries[i]))
            {
                mistakes.Add($"{Root}:{path}:{i} = '{entries[i]}': {rule}");
            }
        }
    }

    private static void CheckDevice(string device, string path, ICollection<string> mistakes)
    {
        if (!Device().IsMatch(device))
        {
            mistakes.Add($"{Root}:{path} = '{device}': must be cpu:0 or cuda:N.");
        }
    }

    private static bool CheckAddress(Uri? address, string path, ICollection<string> mistakes)
    {
        if (address is null)
        {
            return true;
        }

        if (!address.IsAbsoluteUri || address.Scheme != Uri.UriSchemeHttp || address.PathAndQuery != "/" || address.Port is < 1 or > 65535)
        {
            mistakes.Add($"{Root}:{path} = '{address.OriginalString}': must be an http address of a host and a port, for example http://127.0.0.1:8081.");
            return false;
        }

        return true;
    }

    private static void CheckListen(RegionProcessOptions process, Uri? address, string path, ICollection<string> mistakes, bool seen = false)
    {
        if (address is null || (!seen && !CheckAddress(address, path, mistakes)) || !address.IsAbsoluteUri)
        {
            return;
        }

        if (IsLoopback(address))
        {
            return;
        }

        if (!process.AllowPlainNetwork)
        {
            mistakes.Add(
                $"{Root}:{path} = '{address.OriginalString}': only loopback addresses (127.0.0.1, [::1], localhost) can be listened on, "
                + "because callers are not asked for keys; put a proxy that authenticates in front.");
        }
        else if (!IPAddress.TryParse(address.Host.Trim('[', ']'), out _))
        {
            mistakes.Add($"{Root}:{path} = '{address.OriginalString}': must have an IP address of this machine or localhost as its host, for example http://10.0.0.4:8081.");
        }
    }

    /// <summary>Whether an address is this machine's alone.</summary>
    public static bool IsLoopback(Uri address)
    {
        ArgumentNullException.ThrowIfNull(address);
        return address.Host == "localhost" || (IPAddress.TryParse(address.Host.Trim('[', ']'), out var ip) && IPAddress.IsLoopback(ip));
    }

    private static void Port(ICollection<string> mistakes, string path, int? port)
    {
        if (port is { } value)
        {
            Range(mistakes, path, value, 1, 65535);
        }
    }

    private static void Range(ICollection<string> mistakes, string path, long value, long least, long most)
    {
        if (value < least || value > most)
        {
            mistakes.Add($"{Root}:{path} = {value}: must be {least} to {most}.");
        }
    }

    private static void Range(ICollection<string> mistakes, string path, double value, double least, double most)
    {
        if (!(value >= least && value <= most))
        {
            mistakes.Add(FormattableString.Invariant($"{Root}:{path} = {value}: must be {least} to {most}."));
        }
    }

    [GeneratedRegex("^[A-Za-z]{2}$")]
    private static partial Regex Country();

    [GeneratedRegex("^[a-z][a-z0-9-]{0,39}$")]
    private static partial Regex RegionName();

    [GeneratedRegex("^[A-Za-z0-9][A-Za-z0-9._-]{0,95}$")]
    private static partial Regex ModelName();

    [GeneratedRegex("^[A-Za-z0-9._-]{1,128}$")]
    private static partial Regex TenantName();

    [GeneratedRegex("^(cpu:0|cuda:[0-9]{1,2})$")]
    private static partial Regex Device();
}
