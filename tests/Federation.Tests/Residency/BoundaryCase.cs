using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Meridian.Errors;
using Meridian.Federation.Configuration;
using Meridian.Federation.Edge;
using Meridian.Federation.Hosting;
using Meridian.Federation.IntentSources;
using Meridian.Federation.Regions;
using Meridian.Federation.Residency;
using Meridian.Messages;
using Meridian.Routing.Policies;
using Meridian.Routing.Residency;
using Meridian.Routing.Snapshots;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace Meridian.Federation.Tests.Residency;

/// <summary>
/// One random installation and one request through it: the edge as it is composed in a process, over regions that answer, refuse, break, hang, die and come back as a seed says.
/// What is permitted is worked out here anew, from the settings and by scans, without the code under test.
/// </summary>
internal sealed class BoundaryCase : IRegionTransport, IFailureReports, ILocalRegion
{
    private static readonly string[] Jurisdictions = ["eu", "us", "apac", "ch"];
    private static readonly string[] Models = ["minilm", "other"];
    private static readonly string[] Countries = ["DE", "US", "SG", "CH"];

    private readonly Random _random;
    private readonly Lock _lock = new();
    private readonly FakeTimeProvider _time = new();
    private readonly FederationOptions _options = new();
    private readonly GeofenceOptions _fence = new();
    private readonly string? _own;
    private readonly TestDirectory _directory;
    private readonly string _tenant;
    private readonly string[]? _asked;
    private readonly IPAddress? _caller;
    private readonly bool _streamed;

    // What binds the tenant now, and what did before: a change may fall between a decision and its attempt.
    private string[] _residency;
    private string[] _before;

    public BoundaryCase(ulong seed)
    {
        _random = new Random(unchecked((int)(seed ^ (seed >> 32))));
        var regions = Enumerable.Range(0, _random.Next(2, 10)).Select(i => (Name: $"r{i}", Jurisdiction: Cased(Pick(Jurisdictions)))).ToArray();
        foreach (var (name, jurisdiction) in regions)
            _options.Regions.Add(new RegionMemberOptions { Name = name, Jurisdiction = jurisdiction, Protocol = $"http://127.0.0.1:{10_000 + _options.Regions.Count}", Facade = $"http://{name}.example" });
        foreach (var model in Models)
            _options.Models.Add(new ModelDeclarationOptions { Name = model, Kind = Chance(0.5) ? "generation" : "embedding", Regions = Chance(0.7) ? [] : [.. Some(regions.Select(r => r.Name))], HedgeAfterMs = Pick([0, 20, 100]) });
        _options.Tenants.Add(new TenantOptions { Name = "bound", Residency = [.. Some(Jurisdictions).Append(Pick(Jurisdictions)).Distinct().Select(Cased)] });
        _own = Chance(0.4) ? Pick(regions).Name : null;
        _options.Region = _own;
        _options.RoutingPolicy = Pick([.. RoutingPolicies.ByName.Keys.Order(StringComparer.Ordinal)]);
        _options.Attempts = _random.Next(1, 9);
        _options.WaitForRegion = TimeSpan.FromMilliseconds(Pick([0, 200, 2000]));
        FillFence(regions);
        _tenant = Chance(0.4) ? "bound" : "default";
        _asked = Chance(0.35) ? [.. Some(Jurisdictions)] : null;
        _caller = Chance(0.1) ? null : new IPAddress([10, (byte)_random.Next(4), (byte)_random.Next(4), (byte)_random.Next(256)]);
        if (_caller is not null && Chance(0.3))
            _caller = _caller.MapToIPv6();
        _streamed = Chance(0.5);
        _residency = _before = [.. _options.Tenants[0].Residency];
        _directory = new TestDirectory(regions);
        _directory.Publish(_directory.Current with { OwnRegion = _own, Intent = new ConfiguredIntent(Options.Create(_options)).Current });
        foreach (var (name, _) in regions)
            Unsettle(name);
    }

    /// <value>Regions that were asked, in order.</value>
    public ConcurrentQueue<string> Asked { get; } = new();

    /// <value>What is permitted when the request comes, by the reckoning of this class.</value>
    public HashSet<string> Permitted => [.. _options.Regions.Where(IsPermitted).Select(r => r.Name!)];

    /// <value>Whether any region that must not be asked would serve.</value>
    public bool Tempted { get; private set; }

    public bool Served { get; private set; }

    /// <value>Regions that were asked although the data may not be there.</value>
    public ConcurrentQueue<string> Trespasses { get; } = new();

    /// <value>Facade that the caller would be sent to, or null.</value>
    public string? Facade { get; private set; }

    string ILocalRegion.Name => _own!;

    RegionStatus ILocalRegion.Status => Sample.Status(_own!);

    public override string ToString() =>
        $"regions {string.Join(", ", _options.Regions.Select(r => $"{r.Name}:{r.Jurisdiction}"))}; own {_own}; policy {_options.RoutingPolicy}; tenant {_tenant} ({string.Join(',', _options.Tenants[0].Residency)}); "
        + $"header {(_asked is null ? "none" : string.Join(',', _asked))}; caller {_caller}; unknown {_fence.Unknown}; permitted {string.Join(',', Permitted)}; asked {string.Join(',', Asked)}";

    public async Task RunAsync()
    {
        var mistakes = new List<string>();
        var boundaries = new DataBoundaries(GeofenceReader.Read(_fence, mistakes), new TenantResidency());
        Assert.Empty(mistakes);
        Tempted = _directory.Current.Intent.Regions.Any(r => !Permitted.Contains(r.Name) && _directory.Current.Views[r.Name] is { Health: RegionHealth.Alive, Draining: false });
        var boundary = boundaries.Of(_directory.Current.Intent, _tenant, _asked, _caller);
        Facade = EdgeGate.Nearest(_directory.Current, boundary)?.Name;
        var request = (_streamed ? Sample.Generation(remainingMs: 5000) : Sample.Request(remainingMs: 5000)) with
        {
            Model = Pick(Models),
            Tenant = _tenant,
            Residency = boundary.Jurisdictions,
            PermittedRegions = boundary.Regions,
            Tier = Chance(0.3) ? "flex" : null,
            Affinity = Chance(0.3) ? "a conversation" : null,
        };

        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton<TimeProvider>(_time).AddSingleton<Random>(new LockedRandom(_random.Next()));
        services.AddSingleton<IDirectoryFeed>(_directory).AddSingleton<IRegionTransport>(this).AddSingleton<IFailureReports>(this);
        if (_own is not null)
            services.AddSingleton<ILocalRegion>(this);
        services.AddMeridianFederation(target => Fill(target, _options));
        await using var provider = services.BuildServiceProvider();
        var edge = provider.GetRequiredService<IEdge>();
        var course = _streamed ? StreamAsync(edge, request) : InferAsync(edge, request);
        while (!course.IsCompleted)
        {
            // Whatever can go on without the clock does so first.
            for (var i = 0; i < 20 && !course.IsCompleted; i++)
                await Task.Yield();
            if (!course.IsCompleted)
                _time.Advance(TimeSpan.FromMilliseconds(50));
        }

        await course;
    }

    void IFailureReports.ReportFailure(string region, long incarnation)
    {
    }

    Task<InferReply> IRegionTransport.InferAsync(RegionMember region, InferRequest request, CancellationToken cancellationToken) => AnswerAsync(region.Name, request, cancellationToken);

    Task<StreamOpening> IRegionTransport.OpenAsync(RegionMember region, InferRequest request, CancellationToken cancellationToken) => OpenAsync(region.Name, cancellationToken);

    Task<InferReply> ILocalRegion.InferAsync(InferRequest request, CancellationToken cancellationToken) => AnswerAsync(_own!, request, cancellationToken);

    Task<StreamOpening> ILocalRegion.OpenAsync(InferRequest request, CancellationToken cancellationToken) => OpenAsync(_own!, cancellationToken);

    private static void Fill(FederationOptions target, FederationOptions source)
    {
        target.Region = source.Region;
        target.Edge = source.Region ?? "front-door";
        target.Regions = source.Regions;
        target.Models = source.Models;
        target.Tenants = source.Tenants;
        target.RoutingPolicy = source.RoutingPolicy;
        target.Attempts = source.Attempts;
        target.WaitForRegion = source.WaitForRegion;
    }

    private static string Cased(string name) => name == "us" ? "US" : name;

    private async Task InferAsync(IEdge edge, InferRequest request) => Served = (await edge.InferAsync(request, CancellationToken.None)).Reply.Result is not null;

    private async Task StreamAsync(IEdge edge, InferRequest request)
    {
        var opening = await edge.OpenAsync(request, CancellationToken.None);
        if (opening.Stream is not { } stream)
            return;
        await using (stream)
        {
            try
            {
                while (await stream.ReadAsync(CancellationToken.None) is { } frame)
                    Served |= frame.End;
            }
            catch (MeridianException)
            {
                // No region could go on: as good an end as any.
            }
        }
    }

    private async Task<InferReply> AnswerAsync(string region, InferRequest request, CancellationToken token)
    {
        Ask(region);
        switch (Draw(8))
        {
            case 0:
                return InferReply.Refuse(RefusalCode.NoCapacity, "full", retryAfterMs: 10);
            case 1:
                return InferReply.Refuse(RefusalCode.NotReady, "not ready");
            case 2:
                return InferReply.Refuse(RefusalCode.RegionLost, "stopping");
            case 3:
                throw Broken();
            case 4:
                await HangAsync(region, token);
                return InferReply.Refuse(RefusalCode.Cancelled, "gone");
            case 5:
                Shake();
                return InferReply.Refuse(RefusalCode.ResidencyUnavailable, "not here");
            default:
                Shake();
                return Sample.Result(region, request);
        }
    }

    private async Task<StreamOpening> OpenAsync(string region, CancellationToken token)
    {
        Ask(region);
        switch (Draw(9))
        {
            case 0:
                return new StreamOpening(null, new Refusal { Code = RefusalCode.NoCapacity, Message = "full" });
            case 1:
                return new StreamOpening(null, new Refusal { Code = RefusalCode.NotReady, Message = "not ready" });
            case 2:
                throw Broken();
            case 3:
                await HangAsync(region, token);
                return default;
            case 4:
                var broken = Begun(region, token);
                broken.Fail(Broken());
                return new StreamOpening(broken, null);
            case 5:
                var dying = Begun(region, token);
                Kill(region);
                return new StreamOpening(dying, null);
            case 6:
                var leaving = Begun(region, token);
                leaving.Fail(new MeridianException(new Refusal { Code = RefusalCode.RegionLost, Message = "stopping" }));
                Shake();
                return new StreamOpening(leaving, null);
            default:
                return new StreamOpening(TestStream.Of(region, 3, token), null);
        }
    }

    private void Ask(string region)
    {
        Asked.Enqueue(region);
        var member = _options.Regions.Find(r => r.Name == region)!;
        lock (_lock)
        {
            if (!IsPermitted(member) || (_tenant == "bound" && !Holds(_residency, member.Jurisdiction!) && !Holds(_before, member.Jurisdiction!)))
                Trespasses.Enqueue(region);
        }
    }

    private static TestStream Begun(string region, CancellationToken token)
    {
        var stream = new TestStream(region, token);
        stream.Write();
        stream.Write();
        return stream;
    }

    /// <summary>Says nothing until it is given up; often because the region dies.</summary>
    private async Task HangAsync(string region, CancellationToken token)
    {
        var hang = Task.Delay(Timeout.InfiniteTimeSpan, token);
        if (Draw(2) == 0)
            Kill(region);
        Shake();
        await hang.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        token.ThrowIfCancellationRequested();
    }

    private static IOException Broken() => new("broken", new SocketException((int)SocketError.ConnectionReset));

    private void Kill(string region)
    {
        lock (_lock)
            _directory.Die(region);
    }

    /// <summary>Something happens to some region: it is lost, or comes back, or its load is another.</summary>
    private void Shake()
    {
        var region = _options.Regions[Draw(_options.Regions.Count)].Name!;
        lock (_lock)
        {
            switch (_random.Next(4))
            {
                case 3:
                    (_before, _residency) = (_residency, Some(Jurisdictions));
                    var intent = _directory.Current.Intent;
                    _directory.Publish(_directory.Current with { Intent = intent with { Epoch = intent.Epoch + 1, Tenants = [new TenantDeclaration { Name = "bound", Residency = _residency }] } });
                    break;
                case 0:
                    _directory.Die(region);
                    break;
                case 1:
                    _directory.Revive(region);
                    break;
                default:
                    Unsettle(region);
                    break;
            }
        }
    }

    private void Unsettle(string region)
    {
        var health = Pick([RegionHealth.Alive, RegionHealth.Alive, RegionHealth.Alive, RegionHealth.Suspect, RegionHealth.Dead, RegionHealth.Unknown]);
        var roundTrip = Chance(0.1) ? double.NaN : _random.NextDouble() * 300;
        var draining = Chance(0.1);
        var breaker = Pick(Enum.GetValues<BreakerState>());
        ModelStatus[] models = [.. Models.Where(_ => Chance(0.85)).Select(m => Sample.Model(ready: Chance(0.15) ? 0 : _random.Next(1, 3), queued: _random.Next(120), serviceMs: _random.Next(50)) with { Model = m })];
        _directory.Change(region, v => v with { Health = health, RoundTripMs = roundTrip, Draining = draining, Breaker = breaker, Models = models });
    }

    private void FillFence((string Name, string Jurisdiction)[] regions)
    {
        if (Chance(0.4))
            return;
        for (var i = _random.Next(8); i > 0; i--)
        {
            var cidr = _random.Next(3) switch
            {
                0 => "10.0.0.0/8",
                1 => $"10.{_random.Next(4)}.0.0/16",
                _ => $"10.{_random.Next(4)}.{_random.Next(4)}.0/24",
            };
            if (!_fence.Networks.Exists(n => n.Cidr == cidr))
                _fence.Networks.Add(new GeofenceNetworkOptions { Cidr = cidr, Country = Pick(Countries) });
        }

        foreach (var country in Countries.Where(_ => Chance(0.7)))
        {
            var rule = new GeofenceCountryOptions();
            if (Chance(0.8))
                rule.Jurisdictions.AddRange(Chance(0.2) ? [Pick(["allow", "allow", "refuse"])] : Some(Jurisdictions).Append(Pick(Jurisdictions)).Distinct());
            if (Chance(0.3) || rule.Jurisdictions.Count == 0)
                rule.Regions.AddRange(Some(regions.Select(r => r.Name)).Append(Pick(regions).Name).Distinct());
            _fence.Countries.Add(country, rule);
        }

        _fence.Unknown = Pick(["allow", "allow", "allow", "refuse", "eu,ch", "eu,us"]);
    }

    private bool IsPermitted(RegionMemberOptions region)
    {
        if (_tenant == "bound" && !Holds(_options.Tenants[0].Residency, region.Jurisdiction!))
            return false;
        if (_asked is not null && !Holds(_asked, region.Jurisdiction!))
            return false;
        var (jurisdictions, regions) = Fenced();
        return (jurisdictions is null || Holds(jurisdictions, region.Jurisdiction!)) && (regions is null || regions.Contains(region.Name!));
    }

    private static bool Holds(IEnumerable<string> names, string name) => names.Any(n => string.Equals(n, name, StringComparison.OrdinalIgnoreCase));

    private (string[]? Jurisdictions, List<string>? Regions) Fenced()
    {
        string? country = null;
        var longest = -1;
        foreach (var network in _fence.Networks)
        {
            var parts = network.Cidr.Split('/');
            var length = int.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture);
            if (_caller is not null && length > longest && IPAddress.Parse(parts[0]).GetAddressBytes().Take(length / 8).SequenceEqual(_caller.MapToIPv4().GetAddressBytes().Take(length / 8)))
                (country, longest) = (network.Country, length);
        }

        if (country is not null && _fence.Countries.TryGetValue(country, out var rule))
            return (rule.Jurisdictions.Count == 0 ? null : Words(string.Join(',', rule.Jurisdictions)), rule.Regions.Count == 0 ? null : rule.Regions);
        return (Words(_fence.Unknown), null);

        static string[]? Words(string text) => text switch
        {
            "allow" => null,
            "refuse" => [],
            _ => text.Split(','),
        };
    }

    private T Pick<T>(T[] values) => values[_random.Next(values.Length)];

    private T[] Some<T>(IEnumerable<T> values) => [.. values.Where(_ => Chance(0.6))];

    private bool Chance(double share) => _random.NextDouble() < share;

    private int Draw(int below)
    {
        lock (_lock)
            return _random.Next(below);
    }

    private sealed class LockedRandom(int seed) : Random(seed)
    {
        private readonly Lock _gate = new();

        public override int Next(int maxValue)
        {
            lock (_gate)
                return base.Next(maxValue);
        }

        public override double NextDouble()
        {
            lock (_gate)
                return base.NextDouble();
        }
    }
}
