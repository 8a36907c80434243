using System.Collections.Concurrent;
using Meridian.Client.Routing;
using Meridian.Messages;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Meridian.Client.Regions;

/// <summary>All regions of the client, and the home region of each model.</summary>
internal sealed partial class RegionPool : IAsyncDisposable
{
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentDictionary<string, int> _homes = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task[]? _running;

    public RegionPool(IOptions<MeridianClientOptions> options, ILoggerFactory loggerFactory, TimeProvider time, Random random)
    {
        Options = options.Value;
        Residency = Options.Residency is { } residency ? [.. residency] : null;
        _logger = loggerFactory.CreateLogger<RegionPool>();
        Links = new RegionLink[Options.Regions.Count];
        for (var i = 0; i < Links.Length; i++)
        {
            var region = Options.Regions[i];
            Links[i] = new RegionLink(
                region,
                Options,
                ResidencyRule.Permits(Residency, region.Jurisdiction),
                loggerFactory,
                time,
                new Random(random.Next()),
                SignalChange);
        }
    }

    public MeridianClientOptions Options { get; }

    /// <value>The client's own restriction, or null for none.</value>
    public string[]? Residency { get; }

    public RegionLink[] Links { get; }

    /// <value>
    /// Completes at the next change of any region. Take this task before you read the regions, so that no change is missed between the read and the wait.
    /// </value>
    public Task Changed => Volatile.Read(ref _changed).Task;

    /// <value>True once disposal has begun. Then no region connects any more.</value>
    public bool IsStopping => _stopping.IsCancellationRequested;

    /// <summary>Starts connecting in the background. Only the first call has an effect.</summary>
    public void Start()
    {
        if (Volatile.Read(ref _running) is not null)
            return;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(IsStopping, this);
            if (_running is not null)
                return;
            var running = new Task[Links.Length];
            for (var i = 0; i < running.Length; i++)
            {
                var link = Links[i];
                running[i] = link.View.State == RegionConnectionState.Excluded ? Task.CompletedTask : Task.Run(() => link.RunAsync(_stopping.Token));
            }

            Volatile.Write(ref _running, running);
        }
    }

    public string? Home(string model) => _homes.TryGetValue(model, out var home) && Links[home].Current is not null ? Links[home].Name : null;

    /// <summary>
    /// Whether any configured region may see data under <paramref name="residency"/> and <paramref name="regions"/>, and whether one of these regions is
    /// connected.
    /// </summary>
    public (bool Permitted, bool Connected) Reach(string[]? residency, string[]? regions)
    {
        var permitted = false;
        foreach (var link in Links)
        {
            var view = link.View;
            if (view.State == RegionConnectionState.Excluded || !ResidencyRule.Permits(residency, regions, view.Jurisdiction, link.Name))
                continue;
            if (link.Current is not null)
                return (true, true);
            permitted = true;
        }

        return (permitted, false);
    }

    /// <summary>A set of regions by their names: bit i is set for region i.</summary>
    public ulong Mask(ReadOnlySpan<string> names)
    {
        var mask = 0UL;
        for (var i = 0; i < Links.Length && !names.IsEmpty; i++)
            mask |= names.Contains(Links[i].Name) ? 1UL << i : 0;
        return mask;
    }

    /// <summary>Index of the region for the next attempt of a request, or -1.</summary>
    /// <param name="request">A reproducible answer that is continued goes first to a region with the same arithmetic as its beginning.</param>
    /// <param name="residency">Jurisdictions that the request's data may enter, or null for all.</param>
    /// <param name="tried">Bit i is set if the request has already been sent to region i.</param>
    public int Choose(InferRequest request, string[]? residency, ulong tried)
    {
        var (model, regions) = (request.Model, request.PermittedRegions);
        Span<RegionCandidate> candidates = stackalloc RegionCandidate[Links.Length];
        for (var i = 0; i < candidates.Length; i++)
            candidates[i] = Judge(Links[i], model, residency, regions);

        var home = _homes.TryGetValue(model, out var known) ? known : -1;
        if (request.Input is GenerationInput { Reproducible: true, Arithmetic: { } arithmetic })
        {
            var others = tried;
            for (var i = 0; i < candidates.Length; i++)
                others |= Array.Exists(Links[i].View.Models, status => status.Computes(request, arithmetic)) ? 0 : 1UL << i;
            var alike = RegionSelection.Choose(candidates, home, others);
            if (alike >= 0 && candidates[alike].Tier == 0)
                return alike;
        }

        var choice = RegionSelection.Choose(candidates, home, tried);

        // These cases say nothing about the home of other requests, so they do not change it: a retry, a request with its own restriction, a draining region,
        // and a model without
        // ready replicas.
        if (choice >= 0 && choice != home && tried == 0 && candidates[choice].Tier < RegionCandidate.LastResort && ReferenceEquals(residency, Residency) && regions is null)
        {
            _homes[model] = choice;
            LogHome(model, Links[choice].Name, home < 0 ? "none" : Links[home].Name, candidates[choice].ExpectedMs);
        }

        return choice;
    }

    public async ValueTask DisposeAsync()
    {
        Task[]? running;
        lock (_gate)
        {
            running = _running;
            if (_stopping.IsCancellationRequested)
                return;
            _stopping.Cancel();
        }

        if (running is not null)
            await Task.WhenAll(running).ConfigureAwait(false);
        SignalChange();
    }

    private static RegionCandidate Judge(RegionLink link, string model, string[]? residency, string[]? regions)
    {
        var view = link.View;
        if (link.Current is null || !ResidencyRule.Permits(residency, regions, view.Jurisdiction, link.Name))
            return default;

        var ready = false;
        var full = true;
        var queue = double.MaxValue;
        var models = view.Models;
        for (var i = 0; i < models.Length; i++)
        {
            ModelStatus status = models[i];
            if (status.ReadyReplicas <= 0 || status.Model != model)
                continue;
            ready = true;
            full &= status.QueueCapacity > 0 && status.Queued >= status.QueueCapacity;
            queue = Math.Min(queue, view.QueueMs[i]);
        }

        return new RegionCandidate(true, ready, ready && full, view.Draining, view.Settled, link.Preferred, view.RoundTripMs + (ready ? queue : 0));
    }

    private void SignalChange() =>
        Interlocked.Exchange(ref _changed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();

    [LoggerMessage(EventId = 7010, Level = LogLevel.Information, Message = "Home region of {Model} is {Region}, it was {Before}; expected {ExpectedMs:0.00} ms")]
    private partial void LogHome(string model, string region, string before, double expectedMs);
}
